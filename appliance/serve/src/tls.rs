//! TLS for the two kinds of listener: viewers see the certificate of the name they ask
//! for; sibling boxes see the identity and must show one of the fleet's, for the same site.

use crate::certificates::Certificates;
use crate::error::BindError;
use crate::private_keys::PrivateKeys;
use crate::same_site::SameSite;
use crate::tickets::{TicketSecrets, Tickets};
use contract::certificates::Purpose;
use contract::config::{ApplianceConfig, Listener, ListenerRole, Protocol};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, ServerSessionMemoryCache};
use rustls::{ServerConfig, version};
use std::sync::Arc;

/// The place of the identity of the box in its configuration.
const IDENTITY: &str = "identity";

/// Sessions of TLS 1.2 clients that take no tickets; 300 bytes each.
const SESSIONS_IN_MEMORY: usize = 4096;

/// The TLS configurations, one for each role, before the protocols of a listener are added.
pub(crate) struct Tls {
    player: Option<Arc<ServerConfig>>,
    peer: Option<Arc<ServerConfig>>,
    /// What both show.
    pub(crate) certificates: Certificates,
    /// Those of players.
    pub(crate) tickets: Arc<Tickets>,
}

impl Tls {
    /// Reads the files that the listeners need, and no others.
    /// Viewers resume sessions, also of the process before with its `tickets`; siblings do not, so
    /// that who is believed no longer has no way in.
    pub(crate) fn load(
        config: &ApplianceConfig,
        siblings: Option<Arc<dyn ClientCertVerifier>>,
        keys: &Arc<dyn PrivateKeys>,
        tickets: &TicketSecrets,
    ) -> Result<Self, BindError> {
        let has = |role| config.listeners.iter().any(|listener| listener.role == role);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut certificates = Certificates::default();
        let tickets = Tickets::new(tickets).ok_or_else(no_randomness)?;
        let player = has(ListenerRole::Player)
            .then(|| for_players(config, keys, &provider, &mut certificates, Arc::clone(&tickets)))
            .transpose()?;
        let peer = has(ListenerRole::Peer)
            .then(|| for_peers(config, siblings, keys, &provider, &mut certificates))
            .transpose()?;
        Ok(Self { player, peer, certificates, tickets })
    }

    /// What a listener offers.
    pub(crate) fn of(&self, listener: &Listener) -> Option<Arc<ServerConfig>> {
        let base = match listener.role {
            ListenerRole::Player => self.player.as_ref()?,
            ListenerRole::Peer => self.peer.as_ref()?,
        };
        let mut config = ServerConfig::clone(base);
        config.alpn_protocols = offered(&listener.protocols);
        Some(Arc::new(config))
    }
}

/// Clients that speak nothing newer offer this alone, and would be turned away.
const HTTP_1_0: &[u8] = b"http/1.0";

/// The names for ALPN, best first.
fn offered(protocols: &[Protocol]) -> Vec<Vec<u8>> {
    let mut names: Vec<Vec<u8>> = protocols.iter().map(|protocol| protocol.alpn().into()).collect();
    if protocols.contains(&Protocol::Http1) {
        names.push(HTTP_1_0.to_vec());
    }
    names
}

/// Which protocol a connection speaks: what ALPN chose, or HTTP/1.1 for a client without
/// ALPN where the listener has it.
pub(crate) fn protocol_of(alpn: Option<&[u8]>, offered: &[Protocol]) -> Option<Protocol> {
    let wanted = match alpn {
        None | Some(HTTP_1_0) => Protocol::Http1.alpn().as_bytes(),
        Some(name) => name,
    };
    offered.iter().copied().find(|protocol| protocol.alpn().as_bytes() == wanted)
}

fn for_players(
    config: &ApplianceConfig,
    keys: &Arc<dyn PrivateKeys>,
    provider: &Arc<CryptoProvider>,
    certificates: &mut Certificates,
    tickets: Arc<Tickets>,
) -> Result<Arc<ServerConfig>, BindError> {
    let files = config.certificates.iter().enumerate();
    let files = files.map(|(at, files)| (format!("certificates[{at}]"), files.clone())).collect();
    let by_name = certificates.show(files, Purpose::Player, keys, provider)?;
    let refused = |err| tls_error("certificates", &err);
    let tls = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .map_err(refused)?
        .with_no_client_auth()
        .with_cert_resolver(by_name);
    Ok(resumable(tls, tickets))
}

fn for_peers(
    config: &ApplianceConfig,
    siblings: Option<Arc<dyn ClientCertVerifier>>,
    keys: &Arc<dyn PrivateKeys>,
    provider: &Arc<CryptoProvider>,
    certificates: &mut Certificates,
) -> Result<Arc<ServerConfig>, BindError> {
    let files = vec![(IDENTITY.to_owned(), config.identity.clone())];
    let by_name = certificates.show(files, Purpose::Identity, keys, provider)?;
    let nobody = || tls_error("listeners", &"it is not known who is a sibling");
    let verifier = SameSite::new(siblings.ok_or_else(nobody)?, Arc::clone(&by_name));
    let refused = |err| tls_error(IDENTITY, &err);
    let mut tls = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .map_err(refused)?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_cert_resolver(by_name);
    tls.enable_secret_extraction = true;
    tls.session_storage = Arc::new(NoServerSessionStorage {});
    tls.send_tls13_tickets = 0;
    Ok(Arc::new(tls))
}

/// Tickets under keys that all listeners for viewers share; memory for TLS 1.2 clients that want
/// session ids.
fn resumable(mut tls: ServerConfig, tickets: Arc<Tickets>) -> Arc<ServerConfig> {
    // After the handshake an engine may seal by itself.
    tls.enable_secret_extraction = true;
    tls.ticketer = tickets;
    tls.session_storage = ServerSessionMemoryCache::new(SESSIONS_IN_MEMORY);
    Arc::new(tls)
}

fn no_randomness() -> BindError {
    tls_error("certificates", &"the kernel gives no randomness")
}

fn tls_error(path: &str, err: &impl std::fmt::Display) -> BindError {
    BindError::Tls { path: path.to_owned(), reason: err.to_string() }
}
