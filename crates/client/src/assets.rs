//! Scripts, style, face and icon. Their names contain a hash of their content, so that browsers cache them without
//! limit.

use std::sync::LazyLock;

/// A file and the path it is served under.
pub(crate) struct Asset {
    /// `/assets/style.0123456789abcdef.css`
    pub(crate) path: String,
    pub(crate) file: File,
    pub(crate) content: Vec<u8>,
}

/// The name of a file, and the sources it is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct File {
    pub(crate) stem: &'static str,
    pub(crate) extension: &'static str,
    /// Their names without the extension.
    pub(crate) sources: &'static [&'static str],
}

macro_rules! assets {
    ($($name:ident $stem:literal $extension:literal $($source:literal)+;)*) => {
        $(pub(crate) static $name: LazyLock<Asset> = LazyLock::new(|| {
            let file = File { stem: $stem, extension: $extension, sources: &[$($source),+] };
            Asset::new(file, &[$(include_bytes!(concat!("../assets/", $source, ".", $extension))),+])
        });)*

        /// All files.
        pub(crate) fn all() -> impl Iterator<Item = &'static Asset> {
            [$(&*$name),*].into_iter()
        }
    };
}

// The style and the scripts of the pages are one file each, so that a page requests less.
assets! {
    STYLE "style" "css" "style" "number" "pages" "media";
    SCRIPT "page" "js" "live" "card" "viewer" "check" "find";
    STREAM "stream" "js" "stream";
    ICON "icon" "svg" "icon";
    TEXT_FACE "text" "woff2" "text";
    ITALIC_FACE "italic" "woff2" "italic";
}

impl Asset {
    fn new(file: File, sources: &[&[u8]]) -> Self {
        let content = file.content_of(sources);
        let path = format!("/assets/{}.{:016x}.{}", file.stem, fnv1a(&content), file.extension);
        Self { path, file, content }
    }
}

impl File {
    /// Returns what is sent of its sources: styles and scripts without comments, a style with the paths of the faces, and
    /// each of several scripts in a block of its own.
    pub(crate) fn content_of(self, sources: &[impl AsRef<[u8]>]) -> Vec<u8> {
        let is_one = sources.len() == 1;
        let sources = sources.iter().map(AsRef::as_ref);
        match self.extension {
            "css" => sources.flat_map(|style| without_comments(&link_faces(style))).collect(),
            "js" if is_one => sources.flat_map(without_comments).collect(),
            "js" => sources
                .flat_map(|script| [b"{\n".to_vec(), without_comments(script), b"}\n".to_vec()].concat())
                .collect(),
            _ => sources.flatten().copied().collect(),
        }
    }

    pub(crate) fn media_type(self) -> &'static str {
        match self.extension {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            _ => "font/woff2",
        }
    }
}

/// Replaces the plain names of the faces in the style sheet by the paths that the pages preload.
fn link_faces(style: &[u8]) -> Vec<u8> {
    let style = String::from_utf8_lossy(style);
    style.replace("text.woff2", &TEXT_FACE.path).replace("italic.woff2", &ITALIC_FACE.path).into_bytes()
}

/// Leaves out indentation and the lines that are comments, a sixth of what is sent compressed.
fn without_comments(source: &[u8]) -> Vec<u8> {
    let source = String::from_utf8_lossy(source);
    let lines = source.lines().map(str::trim_start);
    let is_comment = |line: &str| line.starts_with("//") || (line.starts_with("/*") && line.ends_with("*/"));
    lines.filter(|line| !is_comment(line)).flat_map(|line| [line, "\n"]).collect::<String>().into_bytes()
}

/// Hashes with FNV-1a, which is enough to tell versions of our own files apart.
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_not_sent() {
        let source = "/* A style. */\na { b: c; } /* why */\n\n// A script.\n  f(\"https://example\"); // why\n";
        let sent = String::from_utf8(without_comments(source.as_bytes())).expect("text");
        assert_eq!(sent, "a { b: c; } /* why */\n\nf(\"https://example\"); // why\n");
    }

    #[test]
    fn scripts_do_not_share_names() {
        let sent = SCRIPT.file.content_of(&["const a = 1;", "const a = 2;"]);
        assert_eq!(sent, b"{\nconst a = 1;\n}\n{\nconst a = 2;\n}\n");
    }
}
