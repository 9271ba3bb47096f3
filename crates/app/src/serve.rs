use crate::config::ServeConfig;
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    #[error(transparent)]
    Mode(#[from] crate::mode::ModeError),
}
impl ServeError {
    pub(crate) fn is_wrong_setting(&self) -> bool {
        true
    }
}
pub(crate) fn run(config: ServeConfig) -> Result<(), ServeError> {
    config.backends.decide()?;
    Ok(())
}
