//! Devices that are none: they speak SSH as switches do, by the thousand, and as badly as is asked for.
//!
//! It is a server for tests and benchmarks. Whoever comes is let in, with any key or password but those
//! that say no; each listening address is a device, or as many as there are user names that come to it.
//! It carries nothing out.
//!
//! Read in this order: [`Device`] (how one behaves), [`Devices`] (many, listening), `shell` (what they say
//! to lines; pure), `visit` (what they say to SSH), `line` (the way there: how long, how wide, how far).

#![forbid(unsafe_code)]

mod line;
mod shell;
mod visit;

pub use shell::running_config;

use russh::keys::PrivateKey;
use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::server::{Config, run_stream};
use russh::{MethodSet, Preferred};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// The password that no device takes.
pub const WRONG_PASSWORD: &str = "wrong";

/// How a device behaves.
#[derive(Debug, Clone)]
pub struct Device {
    /// How long a byte takes, in each direction. A connection takes twice that.
    pub latency: Duration,
    /// How long its running configuration is.
    pub config_bytes: usize,
    /// Whether it runs commands, or has a shell only.
    pub has_commands: bool,
    /// What is wrong with it.
    pub fault: Fault,
}

impl Default for Device {
    fn default() -> Self {
        let (latency, config_bytes) = (Duration::ZERO, 20 << 10);
        Self { latency, config_bytes, has_commands: true, fault: Fault::None }
    }
}

/// What is wrong with a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// It accepts connections and says nothing.
    Silent,
    /// It sends a byte at a time, with such a pause behind each.
    Drips(Duration),
    /// It sends so many bytes, then the connection is cut.
    CutAfter(usize),
    /// It hangs up at once when a command has ended, without waiting for anybody.
    HangsUp,
    /// Its shell shows no prompt.
    NoPrompt,
    /// It says words without end.
    Endless,
}

/// Devices that listen. They are gone when this is dropped.
pub struct Devices {
    addresses: Vec<SocketAddr>,
    host_keys: Vec<String>,
    connections: Arc<AtomicUsize>,
    /// What they run on.
    runtime: Option<Runtime>,
}

impl Devices {
    /// Starts one device for each address from 127.0.0.1 on, all with this port and each with a key of its
    /// own.
    ///
    /// # Errors
    /// When an address is taken.
    pub fn start(port: u16, devices: &[Device]) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let connections = Arc::new(AtomicUsize::new(0));
        let (mut addresses, mut host_keys) = (Vec::new(), Vec::new());
        for (at, device) in (1_u32..).zip(devices) {
            let ip = IpAddr::V4(Ipv4Addr::from_bits(Ipv4Addr::new(127, 0, 0, 0).to_bits() + at));
            let listener = runtime.block_on(TcpListener::bind((ip, port)))?;
            let key = host_key(at);
            host_keys.push(key.public_key().to_openssh().map_err(io::Error::other)?);
            addresses.push(listener.local_addr()?);
            let (device, connections) = (Arc::new(device.clone()), Arc::clone(&connections));
            runtime.spawn(listen(listener, device, Arc::new(config(key)), connections));
        }
        Ok(Self { addresses, host_keys, connections, runtime: Some(runtime) })
    }

    /// Where a device is.
    #[must_use]
    pub fn address(&self, at: usize) -> SocketAddr {
        self.addresses[at]
    }

    /// Its host key, as a `.pub` file has it.
    #[must_use]
    pub fn host_key(&self, at: usize) -> &str {
        &self.host_keys[at]
    }

    /// How many connections have come to them.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Devices {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The same each time, so that who has written it down yesterday knows the device today.
fn host_key(at: u32) -> PrivateKey {
    let mut seed = [0; 32];
    seed[..4].copy_from_slice(&at.to_be_bytes());
    Ed25519Keypair::from_seed(&seed).into()
}

fn config(key: PrivateKey) -> Config {
    Config {
        keys: vec![key],
        methods: MethodSet::server_supported(),
        preferred: Preferred::default(),
        auth_rejection_time: Duration::ZERO,
        inactivity_timeout: Some(Duration::from_secs(60)),
        nodelay: true,
        ..Config::default()
    }
}

async fn listen(
    listener: TcpListener,
    device: Arc<Device>,
    config: Arc<Config>,
    connections: Arc<AtomicUsize>,
) {
    while let Ok((tcp, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(serve(tcp, Arc::clone(&device), Arc::clone(&config)));
    }
}

async fn serve(tcp: TcpStream, device: Arc<Device>, config: Arc<Config>) {
    // Without it the line would be slower than it says.
    let _ = tcp.set_nodelay(true);
    if device.fault == Fault::Silent {
        return line::hold(tcp).await;
    }
    let (stream, carried) = line::lay(tcp, &device);
    let visit = visit::Visit::new(device);
    // Who is cut off in the middle leaves an error behind; that is what he is here for.
    if let Ok(session) = run_stream(config, stream, visit).await {
        let _ = session.await;
    }
    carried.await;
}
