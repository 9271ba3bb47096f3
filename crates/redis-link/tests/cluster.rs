//! A node of a Redis Cluster is refused with a clear error.

use std::time::Duration;

use redis_link::{LinkError, RedisLink, RedisTestServer};

async fn ping(server: &RedisTestServer) -> Result<String, LinkError> {
    let link = RedisLink::new(server.client(), Duration::from_secs(5), Duration::ZERO);
    link.call("PING", "test", async |mut redis| redis::cmd("PING").query_async(&mut redis).await).await
}

#[tokio::test]
async fn a_standalone_server_is_accepted() {
    assert_eq!(ping(&RedisTestServer::start()).await.expect("it answers"), "PONG");
}

#[tokio::test]
async fn a_cluster_node_is_refused() {
    let server = RedisTestServer::start_with(&["--cluster-enabled", "yes", "--cluster-port", "1"]);
    assert!(matches!(ping(&server).await, Err(LinkError::Cluster)));
}
