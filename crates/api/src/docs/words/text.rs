//! The words that stand as they are. Backquotes enclose code.

pub(crate) mod frame {
    pub(crate) const NAME: &str = "Abaci";
    pub(crate) const PAGES: &str = "Pages";
    pub(crate) const ABOUT: &str = "How it works";
    pub(crate) const API: &str = "API";
}

pub(crate) mod operations {
    pub(crate) const FOR_PROGRAMS: &str = "The same for programs: ";
    pub(crate) const COMMANDS: &str = "Each command calls this server and has its answer below, with JSON indented, and cut where it is long. Those of \
         calculations work in the order of this page: what is read was submitted before.";
    pub(crate) const CONTENTS: &str = "Contents";
    pub(crate) const PROBLEMS: &str = "A response that is not a success is a problem document (RFC 9457). Its `type` is `urn:abaci:problem:` and a name, \
         and its member `help` is the address of a page about it:";
    pub(crate) const PARAMETERS: &str = "Parameters";
    pub(crate) const BODY: &str = "Body";
    pub(crate) const RESPONSES: &str = "Responses";
    pub(crate) const SCHEMAS: &str = "JSON";
    pub(crate) const MEMBERS: &str = "Members";
}

pub(crate) mod problems {
    pub(crate) const TITLE: &str = "Problems";
    pub(crate) const LIST_BEFORE: &str = "What a response of the ";
    pub(crate) const LIST_AFTER: &str =
        " means that is not a success. It is a problem document (RFC 9457) with one of these in its member `type`.";
    pub(crate) const MEANS: &str = "What it means";
    pub(crate) const HAPPENS: &str = "When it happens";
    pub(crate) const REMEDY: &str = "What to do";
    pub(crate) const EXAMPLE: &str = "Example";
    pub(crate) const ALL: &str = "All problems";
    pub(crate) const API: &str = "The API";
}
