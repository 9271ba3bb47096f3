//! A canvas of a few colours with smooth edges, and its encoding as PNG.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

use super::{Color, PAPER};

/// Shades from paper, which is 0, to a colour. With four colours a pixel is one byte.
const SHADES: u8 = 64;

pub(super) struct Canvas {
    width: u16,
    height: u16,
    /// The colour times `SHADES`, plus the shade.
    pixels: Vec<u8>,
}

impl Canvas {
    /// Creates a canvas of paper.
    pub(super) fn new(width: u16, height: u16) -> Self {
        Self { width, height, pixels: vec![0; usize::from(width) * usize::from(height)] }
    }

    /// Covers a share of a pixel, from 0 to 1, unless more of it is covered already. Pixels outside are left out.
    pub(super) fn cover(&mut self, x: i32, y: i32, color: Color, share: f32) {
        let (Ok(x), Ok(y)) = (u16::try_from(x), u16::try_from(y)) else { return };
        if share <= 0.0 || x >= self.width || y >= self.height {
            return;
        }
        let shade = (share.min(1.0) * f32::from(SHADES - 1)).round() as u8;
        let pixel = &mut self.pixels[usize::from(y) * usize::from(self.width) + usize::from(x)];
        if shade > *pixel % SHADES {
            *pixel = color as u8 * SHADES + shade;
        }
    }

    /// Encodes the canvas as PNG with a palette (PNG 1.2, RFC 2083).
    pub(super) fn to_png(&self) -> Vec<u8> {
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        let mut header = Vec::new();
        header.extend(u32::from(self.width).to_be_bytes());
        header.extend(u32::from(self.height).to_be_bytes());
        // 8 bits, a palette, the only methods there are, not interlaced.
        header.extend([8, 3, 0, 0, 0]);
        push_chunk(&mut png, *b"IHDR", &header);
        push_chunk(&mut png, *b"PLTE", &palette());
        push_chunk(&mut png, *b"IDAT", &self.compressed_rows());
        push_chunk(&mut png, *b"IEND", &[]);
        png
    }

    fn compressed_rows(&self) -> Vec<u8> {
        let mut rows = ZlibEncoder::new(Vec::new(), Compression::fast());
        for row in self.pixels.chunks(usize::from(self.width)) {
            // Writing to memory cannot fail. A row begins with its filter: none.
            let _ = rows.write_all(&[0]).and_then(|()| rows.write_all(row));
        }
        rows.finish().unwrap_or_default()
    }
}

fn palette() -> Vec<u8> {
    let mix = |paper: u8, color: u8, shade: u8| {
        let [paper, color, shade, most] = [paper, color, shade, SHADES - 1].map(u16::from);
        ((paper * (most - shade) + color * shade) / most) as u8
    };
    let shades = Color::ALL.into_iter().flat_map(|color| (0..SHADES).map(move |shade| (color.rgb(), shade)));
    shades.flat_map(|(rgb, shade)| [0, 1, 2].map(|part| mix(PAPER[part], rgb[part], shade))).collect()
}

fn push_chunk(png: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    png.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    let mut checksum = Crc::new();
    for part in [kind.as_slice(), data] {
        checksum.update(part);
        png.extend(part);
    }
    png.extend(checksum.sum().to_be_bytes());
}
