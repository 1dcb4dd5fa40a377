//! Alive: health as it is asked by Envoy and Kubernetes.
//! In: names of services. Out: that they are served, or that there is no such service.
//! Invariant: no key is needed.
//! Not here: what is amiss in the node.

use tonic::Code;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::{Fixture, Tested};

#[tokio::test]
async fn it_lives_while_it_is_there() -> Tested {
    let address = Fixture::new().serve().await?;
    let mut client = HealthClient::new(Channel::from_shared(format!("http://{address}"))?.connect().await?);
    let ask = |service: &str| HealthCheckRequest { service: service.to_owned() };
    for service in ["", "envoy.service.auth.v3.Authorization"] {
        let status = client.check(ask(service)).await?.into_inner().status;
        assert_eq!(status, i32::from(ServingStatus::Serving), "{service}");
    }
    let code = |status: Option<tonic::Status>| status.map(|status| status.code());
    assert_eq!(code(client.check(ask("another")).await.err()), Some(Code::NotFound));
    assert_eq!(code(client.check(ask(&"x".repeat(10_000))).await.err()), Some(Code::OutOfRange));
    assert_eq!(code(client.watch(ask("")).await.err()), Some(Code::Unimplemented));
    Ok(())
}
