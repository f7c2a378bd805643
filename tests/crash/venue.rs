//! The exchange of one world, in this process: it outlives every session, and can be looked at between two requests.
//!
//! Not here: what is looked for (watcher).
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alphaflow::domain::Timestamp;
use alphaflow::exchange::Exchange;
use alphaflow::exchange::server::{FaultPlan, Keys, Pace, Server, ServerOptions};
use alphaflow::execution::alpaca::provide_cryptography;
use alphaflow::scenario::{Style, load, load_market};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::watcher::Watcher;

/// What `alphaflow trade` shows an exchange unless told otherwise.
const KEY: &str = "rehearsal";
/// A step is answered when every listener has what it brought; a killed one is gone by then.
const WAIT: Duration = Duration::from_secs(30);

/// A running exchange and who watches it.
pub struct Venue {
    server: Server,
    client: reqwest::Client,
    runtime: Handle,
    /// Hears every event of an order.
    pub watcher: Arc<Mutex<Watcher>>,
}

fn wall() -> Timestamp {
    Timestamp::from_ns(i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap())
}

impl Venue {
    /// Begins with the scenario's first session, watched.
    pub fn start(scenario: &Path, runtime: &Handle) -> Venue {
        provide_cryptography();
        let loaded = load(scenario, &[]).unwrap_or_else(|error| panic!("{}", error.render(&Style::PLAIN)));
        let exchange = Exchange::new(&loaded, &load_market(&loaded).unwrap()).unwrap();
        let options = ServerOptions {
            keys: Keys::new(KEY, KEY),
            pace: Pace::Step,
            faults: FaultPlan::none(),
            wall,
            drain_wait: WAIT,
        };
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = runtime.block_on(Server::start(exchange, listen, options)).unwrap();
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).timeout(WAIT).build().unwrap();
        let watcher = Arc::new(Mutex::new(Watcher::default()));
        let socket = runtime.block_on(listener(server.address()));
        runtime.spawn(watch(socket, Arc::clone(&watcher)));
        Venue { server, client, runtime: runtime.clone(), watcher }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Another bar of every share passes.
    pub fn step(&self) {
        let url = format!("http://{}/_control/step", self.address());
        let request = self.client.post(url).header("apca-api-key-id", KEY).header("apca-api-secret-key", KEY);
        let answer = self.runtime.block_on(async {
            request.body(json!({ "bars": 1 }).to_string()).send().await?.error_for_status()?.text().await
        });
        let answer: Value = serde_json::from_str(&answer.unwrap()).unwrap();
        assert_eq!(answer["done"], false, "the data are over: fewer kills a world, or more sessions");
    }

    /// Looks at it between two requests.
    pub fn look<T>(&self, look: impl FnOnce(&Exchange) -> T) -> T {
        self.runtime.block_on(self.server.look(look))
    }
}

/// A connection that is told of every order.
async fn listener(address: SocketAddr) -> WebSocketStream<TcpStream> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut socket, _) = client_async(format!("ws://{address}/stream"), stream).await.unwrap();
    for (message, wanted) in [
        (json!({ "action": "auth", "key": KEY, "secret": KEY }), "authorization"),
        (json!({ "action": "listen", "data": { "streams": ["trade_updates"] } }), "listening"),
    ] {
        socket.send(Message::text(message.to_string())).await.unwrap();
        let answer = socket.next().await.unwrap().unwrap();
        let answer: Value = serde_json::from_slice(&answer.into_data()).unwrap();
        assert_eq!(answer["stream"], wanted, "{answer}");
    }
    socket
}

/// Hands every event over, as long as there are any. One that is lost shows in their count.
async fn watch(mut socket: WebSocketStream<TcpStream>, watcher: Arc<Mutex<Watcher>>) {
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Binary(_) | Message::Text(_) = message {
            let event: Value = serde_json::from_slice(&message.into_data()).unwrap();
            watcher.lock().unwrap().take(&event["data"]);
        }
    }
}
