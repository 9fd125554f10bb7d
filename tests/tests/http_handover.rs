//! One server leaves its listening sockets to the next, over the same cache: nobody who
//! connects meanwhile is refused, reset or forgotten.

use anyhow::{Context, Result, ensure};
use contract::config::{ApplianceConfig, EngineChoice, Limits};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use serve::{Listening, Server};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tests::http_harness::client::Client;
use tests::http_harness::shelf::content;
use tests::http_harness::world::{OPEN_HOST, World, wait_for};
use tests::{effort, on_each_engine};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

on_each_engine! {
    who_stands_in_a_queue_is_served_by_the_next
    nobody_is_lost_in_many_handovers
    an_address_that_is_left_behind_is_closed
}

const RAM: u64 = 4 << 20;

/// A server that was left the sockets of another.
struct Next {
    listening: Listening,
    stop: oneshot::Sender<()>,
    running: JoinHandle<std::io::Result<()>>,
}

impl Next {
    fn start(world: &World, config: &ApplianceConfig, before: &Listening) -> Result<Self> {
        let mut inherited = before.duplicate()?;
        let kept = inherited.addresses();
        let server = Server::bind_after(world.setup(config)?, &mut inherited)?;
        let left = inherited.addresses();
        let kept: Vec<_> = kept.into_iter().filter(|address| !left.contains(address)).collect();
        let (stop, stopped) = oneshot::channel();
        let listening = server.listening();
        let prepared = server.prepare()?;
        before.passed_on(&kept);
        let running = prepared.run(async { drop(stopped.await) }, Duration::from_secs(5));
        Ok(Self { listening, stop, running: tokio::spawn(running) })
    }

    async fn end(self) -> Result<()> {
        drop(self.stop);
        Ok(self.running.await??)
    }
}

fn with_threads(world: &World, threads: u16) -> ApplianceConfig {
    let mut config = world.config.clone();
    config.serving.threads = threads;
    config
}

/// Connects, asks once, compares the answer.
async fn visit(client: &Client, to: SocketAddr) -> Result<()> {
    let socket = TcpStream::connect(to).await.context("refused")?;
    ask(client, socket).await
}

async fn ask(client: &Client, socket: TcpStream) -> Result<()> {
    let mut connection = client.connect_over(socket, OPEN_HOST).await.context("no handshake")?;
    connection.get("/v/init.mp4", "Connection: close\r\n").await?;
    let reply = connection.reply().await?;
    ensure!(reply.status == 200 && reply.body == content("open", "/v/init.mp4", 1000));
    Ok(())
}

fn processors() -> Result<Vec<usize>> {
    let allowed = sched_getaffinity(Pid::from_raw(0))?;
    Ok((0..CpuSet::count()).filter(|at| allowed.is_set(*at).unwrap_or(false)).collect())
}

/// Connects a few times from one processor, which is the one that receives it then: sockets
/// are chosen by that.
fn connect_on(processor: usize, to: SocketAddr) -> Result<Vec<TcpStream>> {
    let connect = move || {
        let mut only = CpuSet::new();
        only.set(processor)?;
        sched_setaffinity(Pid::from_raw(0), &only)?;
        let connected = (0..5).map(|_| std::net::TcpStream::connect(to));
        Ok(connected.collect::<std::io::Result<Vec<_>>>()?)
    };
    let connected: Result<_> = std::thread::scope(|scope| {
        scope.spawn(connect).join().map_err(|_| anyhow::anyhow!("a thread panicked"))?
    });
    let adopt = |socket: std::net::TcpStream| {
        socket.set_nonblocking(true)?;
        Ok(TcpStream::from_std(socket)?)
    };
    connected?.into_iter().map(adopt).collect()
}

async fn who_stands_in_a_queue_is_served_by_the_next(engine: EngineChoice) -> Result<()> {
    let mut world = World::start_as(engine, RAM, |config| config.serving.threads = 3)?;
    let before = world.listening.clone();
    // The same sockets once more, and nobody who accepts from them.
    let mut inherited = before.duplicate()?;
    before.passed_on(&inherited.addresses());
    world.begin_drain();
    world.ended().await?;
    let mut queued = Vec::new();
    for processor in processors()? {
        queued.extend(connect_on(processor, world.players[0])?);
    }
    // Fewer threads than sockets.
    let config = with_threads(&world, 1);
    let server = Server::bind_after(world.setup(&config)?, &mut inherited)?;
    ensure!(inherited.doors.is_empty(), "{inherited:?}");
    let addresses = server.local_addrs();
    ensure!(addresses[0].address == world.players[0]);
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(server.run(async { drop(stopped.await) }, Duration::from_secs(5)));
    let client = world.client()?;
    for socket in queued {
        ask(&client, socket).await?;
    }
    for address in world.players.into_iter().chain(world.players_h2) {
        visit(&client, address).await?;
    }
    drop(stop);
    Ok(running.await??)
}

async fn nobody_is_lost_in_many_handovers(engine: EngineChoice) -> Result<()> {
    let mut world = World::start(engine, Limits::default(), RAM)?;
    let (stop, visits) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let visitor = |address| {
        let (client, stop, visits) = (world.client(), Arc::clone(&stop), Arc::clone(&visits));
        tokio::spawn(async move {
            let client = client?;
            while !stop.load(Ordering::Relaxed) {
                visit(&client, address).await?;
                visits.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        })
    };
    let [v4, v6] = world.players;
    let visitors = [v4, v6, v4, world.players_h2[0]].map(visitor);
    let first = Next::start(&world, &with_threads(&world, 3), &world.listening)?;
    world.begin_drain();
    world.ended().await?;
    let mut last = first;
    for round in 0..effort::times(20) {
        let threads = [1, 2, 3][round % 3];
        let next = Next::start(&world, &with_threads(&world, threads), &last.listening)?;
        last.end().await?;
        last = next;
        let before = visits.load(Ordering::Relaxed);
        wait_for("nobody visits", || visits.load(Ordering::Relaxed) > before + 4).await?;
    }
    stop.store(true, Ordering::Relaxed);
    for visitor in visitors {
        visitor.await??;
    }
    last.end().await
}

async fn an_address_that_is_left_behind_is_closed(engine: EngineChoice) -> Result<()> {
    let mut world = World::start(engine, Limits::default(), RAM)?;
    let client = world.client()?;
    let mut config = with_threads(&world, 2);
    // Where they are, since port 0 is any of them.
    config.listeners[0].addresses = vec![world.players[0]];
    config.listeners[1].addresses = world.players_h2.to_vec();
    let next = Next::start(&world, &config, &world.listening)?;
    // Until the old one drains, it answers there.
    visit(&client, world.players[1]).await?;
    world.begin_drain();
    world.ended().await?;
    visit(&client, world.players[0]).await?;
    ensure!(TcpStream::connect(world.players[1]).await.is_err(), "it was left, and is open");
    next.end().await?;
    ensure!(TcpStream::connect(world.players[0]).await.is_err(), "it has ended, and listens");
    Ok(())
}
