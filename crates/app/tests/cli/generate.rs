//! `abaci completions` and `abaci man`.

use std::process::Command;

use crate::program::{abaci, finish, names_in};

#[test]
fn completions_are_printed_for_each_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let printed = finish(abaci(&["completions", shell]));
        assert_eq!((printed.code, printed.stderr.as_str()), (Some(0), ""), "{shell}");
        assert!(printed.stdout.contains("is-fibonacci"), "{shell}");
    }
    let refused = finish(abaci(&["completions", "dash"]));
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("bash, elvish, fish, powershell, zsh"), "{}", refused.stderr);
}

#[test]
fn bash_completes_subcommands() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("abaci");
    std::fs::write(&script, finish(abaci(&["completions", "bash"])).stdout).expect("written");
    let complete = format!(
        "source {}; COMP_WORDS=(abaci is-); COMP_CWORD=1; _abaci abaci is- abaci; echo \"${{COMPREPLY[*]}}\"",
        script.display()
    );
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", &complete]);
    let completed = finish(bash);
    assert_eq!(completed.stdout, "is-fibonacci\n", "{}", completed.stderr);
}

#[test]
fn a_manual_page_is_written_for_each_subcommand() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("UTF-8");
    let written = finish(abaci(&["man", path]));
    assert_eq!((written.code, written.stdout.as_str(), written.stderr.as_str()), (Some(0), "", ""));
    let names = names_in(folder.path());
    for name in ["abaci.1", "abaci-fib.1", "abaci-serve.1"] {
        assert!(names.contains(&name.to_owned()), "{name} in {names:?}");
    }
    let page = std::fs::read_to_string(folder.path().join("abaci-serve.1")).expect("a page");
    assert!(page.contains("ABACI_LISTEN"));
    let refused = finish(abaci(&["man", "/nowhere"]));
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("cannot write manual pages to /nowhere: No such file"), "{}", refused.stderr);
}
