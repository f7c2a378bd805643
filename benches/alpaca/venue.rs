//! A venue on loopback that does nothing but answer at once: it stamps orders as they arrive and fills them whole.
//!
//! Not here: what is measured (wire). It runs on a thread of its own; one message to its data stream starts a flood.
//! Invariant: an arrival is stamped when the first bytes of its request have been read, before anything is parsed.
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

/// What every order fills at.
pub const PRICE: &str = "100";
/// Updates that wait for the stream: the bench sends one order at a time.
const UPDATES_MAX: usize = 16;

/// A POST that has arrived.
pub struct Arrival {
    /// When its first bytes were read.
    pub at: Instant,
    /// What was sent.
    pub body: Vec<u8>,
}

/// A venue that serves until the process ends.
pub struct Venue {
    pub address: SocketAddr,
    /// POSTs in the order of their arrival.
    pub arrivals: mpsc::Receiver<Arrival>,
}

struct Desk {
    arrivals: mpsc::Sender<Arrival>,
    updates: broadcast::Sender<String>,
    orders: AtomicU64,
    /// What the data stream sends, and how often.
    flood: (Vec<u8>, usize),
}

impl Venue {
    /// Starts on a free port. `flood`: a message of the data stream and how often it is sent to whoever says anything.
    pub fn start(flood: (Vec<u8>, usize)) -> Venue {
        let (arrivals_end, arrivals) = mpsc::channel();
        let (bound, address) = mpsc::channel();
        let desk = Desk {
            arrivals: arrivals_end,
            updates: broadcast::channel(UPDATES_MAX).0,
            orders: AtomicU64::new(0),
            flood,
        };
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
            runtime.block_on(async {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
                bound.send(listener.local_addr().expect("bound")).expect("the bench waits");
                let desk = Arc::new(desk);
                loop {
                    let (stream, _) = listener.accept().await.expect("a connection");
                    tokio::spawn(serve(stream, Arc::clone(&desk)));
                }
            });
        });
        Venue { address: address.recv().expect("the venue is up"), arrivals }
    }
}

/// One port for HTTP and both streams, as the built-in exchange has it.
async fn serve(stream: TcpStream, desk: Arc<Desk>) {
    const LONGEST: usize = "GET /stream".len();
    stream.set_nodelay(true).expect("loopback");
    let mut start = [0; LONGEST];
    while stream.peek(&mut start).await.expect("a request") < LONGEST {
        tokio::task::yield_now().await;
    }
    match &start {
        b"GET /stream" => trade_updates(stream, &desk).await,
        b"GET /v2/iex" => market_data(stream, &desk).await,
        _ => http(stream, &desk).await,
    }
}

async fn http(mut stream: TcpStream, desk: &Desk) {
    let mut request = Vec::with_capacity(4_096);
    loop {
        request.clear();
        let mut at = None;
        let body = loop {
            match stream.read_buf(&mut request).await {
                Ok(0) | Err(_) => return,
                Ok(_) => at = at.or_else(|| Some(Instant::now())),
            }
            if let Some(body) = body(&request) {
                break body;
            }
        };
        let is_order = request.starts_with(b"POST /v2/orders ");
        let (answer, update) = if request.starts_with(b"POST ") {
            let number = desk.orders.fetch_add(1, Ordering::Relaxed);
            let (taken, filled) = order(&request[body..], number);
            let at = at.expect("something was read");
            let _ = desk.arrivals.send(Arrival { at, body: request[body..].to_vec() });
            (taken, filled)
        } else if request.starts_with(b"GET /v2/clock") {
            (json!({ "timestamp": "2024-01-02T14:30:00Z", "is_open": true }), Value::Null)
        } else if request.starts_with(b"GET /v2/account ") {
            (json!({}), Value::Null)
        } else {
            (json!([]), Value::Null)
        };
        let answer = answer.to_string();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ";
        let answer = format!("{head}{}\r\n\r\n{answer}", answer.len());
        stream.write_all(answer.as_bytes()).await.expect("the bench listens");
        if is_order {
            desk.updates.send(update.to_string()).expect("the stream is up");
        }
    }
}

/// Where the body begins, once all of it is there.
fn body(request: &[u8]) -> Option<usize> {
    const END: &[u8] = b"\r\n\r\n";
    let start = request.windows(END.len()).position(|window| window == END)? + END.len();
    let head = String::from_utf8_lossy(&request[..start]).to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let length: usize = length.map_or(0, |length| length.parse().expect("a length"));
    (request.len() >= start + length).then_some(start)
}

/// The order as it is answered, and the update that fills it.
fn order(body: &[u8], number: u64) -> (Value, Value) {
    let asked: Value = serde_json::from_slice(body).expect("an order");
    let show = |status: &str, filled: &Value, average: Value| {
        json!({
            "id": format!("order-{number}"), "client_order_id": asked["client_order_id"],
            "created_at": "2024-01-02T14:30:00Z", "submitted_at": "2024-01-02T14:30:00Z",
            "symbol": asked["symbol"], "asset_class": "us_equity", "qty": asked["qty"], "filled_qty": filled,
            "filled_avg_price": average, "order_class": "", "type": asked["type"], "side": asked["side"],
            "time_in_force": asked["time_in_force"], "status": status, "legs": null,
        })
    };
    let filled = json!({ "stream": "trade_updates", "data": {
        "event": "fill", "execution_id": format!("execution-{number}"), "timestamp": "2024-01-02T14:30:00Z",
        "price": PRICE, "qty": asked["qty"], "order": show("filled", &asked["qty"], json!(PRICE)),
    }});
    (show("new", &json!("0"), Value::Null), filled)
}

async fn trade_updates(stream: TcpStream, desk: &Desk) {
    let mut updates = desk.updates.subscribe();
    let mut socket = accept_async(stream).await.expect("a handshake");
    loop {
        let said = tokio::select! {
            update = updates.recv() => update.expect("one order at a time"),
            heard = socket.next() => match heard {
                Some(Ok(Message::Text(text))) if text.contains("authenticate") => {
                    r#"{"stream":"authorization","data":{"status":"authorized","action":"authenticate"}}"#.to_owned()
                }
                Some(Ok(Message::Text(_))) => {
                    r#"{"stream":"listening","data":{"streams":["trade_updates"]}}"#.to_owned()
                }
                Some(Ok(_)) => continue,
                None | Some(Err(_)) => return,
            },
        };
        if socket.send(Message::binary(said.into_bytes())).await.is_err() {
            return;
        }
    }
}

async fn market_data(stream: TcpStream, desk: &Desk) {
    let mut socket = accept_async(stream).await.expect("a handshake");
    let (batch, times) = &desk.flood;
    let message = Message::binary(batch.clone());
    while let Some(Ok(heard)) = socket.next().await {
        if !heard.is_binary() {
            continue;
        }
        for _ in 0..*times {
            if socket.send(message.clone()).await.is_err() {
                return;
            }
        }
    }
}
