//! `abaci client`: serves the pages over the API of another process.

use super::RoleError;
use super::health::Check;
use super::internal::internal_router;
use super::settings::pages;
use crate::config::{ClientArgs, connectable};
use crate::process::{Service, listen, print_addresses, serve_limits};

/// Runs until a stop signal.
pub(crate) fn run(config: ClientArgs) -> Result<(), RoleError> {
    let api = ::client::ApiClient::new(config.api_url.as_str())?;
    let pages = pages(api.clone(), &config.public, &config.development);
    Service::run("abaci-client", &config.logs, async |mut service| {
        let public = listen("ABACI_LISTEN", config.listen.listen).await?;
        let internal = listen("ABACI_INTERNAL_LISTEN", config.listen.internal.internal_listen).await?;
        let url = format!("http://{}", connectable(public.local_addr()?));
        let internal_address = internal.local_addr()?;

        let mut limits = serve_limits(&config.connections, public.local_addr()?, &config.public, &[]);
        // Its clients are proxies, which carry the connections of many visitors.
        limits.connections_per_address = limits.connections;
        let internal_router = internal_router(service.metrics.clone(), vec![Check::Pages(api)]);
        service.serve("the listener", public, pages, limits.clone());
        service.serve("the internal listener", internal, internal_router, limits);

        tracing::info!(%url, internal = %internal_address, api = %config.api_url, "the client has started");
        print_addresses(Some(("Abaci's pages are", &url)), internal_address);
        Ok(service.run_until_stopped(std::future::ready(())).await?)
    })
}
