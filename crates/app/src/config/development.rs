//! Settings for development of Abaci itself.

use std::path::PathBuf;

use clap::Args;

/// Settings for development of Abaci itself.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Development")]
pub(crate) struct DevelopmentArgs {
    /// Folder from which style, scripts, faces and icon are read at each request; open pages reload after an edit
    /// [default: the built-in files].
    #[arg(long, env = "ABACI_ASSETS_DIR", value_name = "FOLDER")]
    pub(crate) assets_dir: Option<PathBuf>,
}
