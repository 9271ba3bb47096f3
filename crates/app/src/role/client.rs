//! `abaci client`: the pages, over the API of another process.

use super::RoleError;
use crate::config::{ClientConfig, reachable};
use crate::internal::{self, Check, Internal};
use crate::process::{Process, listen, say_where, serve_limits};
use crate::settings::pages;

/// Runs until asked to stop.
pub(crate) fn run(config: ClientConfig) -> Result<(), RoleError> {
    let (pages, api) = pages(config.api_url.as_str(), &config.public, &config.development)?;
    Process::run(&config.logs, async |mut process| {
        let public = listen("ABACI_LISTEN", config.listen.listen).await?;
        let internal = listen("ABACI_INTERNAL_LISTEN", config.listen.internal.internal_listen).await?;
        let url = format!("http://{}", reachable(public.local_addr()?));
        let internal_address = internal.local_addr()?;

        let limits = serve_limits(&config.connections);
        let checks = vec![Check::Pages(api)];
        let inside = internal::router(Internal { metrics: process.metrics.clone(), checks: checks.into() });
        process.answer("the listener", public, pages, limits.clone());
        process.answer("the internal listener", internal, inside, limits);

        tracing::info!(%url, internal = %internal_address, api = %config.api_url, "the pages are served");
        say_where(Some(("Abaci's pages are", &url)), internal_address);
        process.until_stopped(std::future::ready(())).await
    })
}
