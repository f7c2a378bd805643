//! A server with two shares of minute bars over two sessions, and clients of it.
use std::time::Duration;

use alphaflow::domain::Timestamp;
use alphaflow::exchange::Exchange;
use alphaflow::exchange::server::{FaultPlan, Keys, Pace, Server, ServerOptions};
use alphaflow::scenario::{load, load_market};
use futures_util::{SinkExt, StreamExt};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{WebSocketStream, client_async};

pub const KEY: &str = "test-key";
pub const SECRET: &str = "test-secret";
/// Whatever is to come has come by then on any machine.
const WAIT: Duration = Duration::from_secs(20);
/// Bars of the first session and of the second, one a minute from its open on.
pub const BARS: [usize; 2] = [10, 5];

const SCENARIO: &str = r#"[scenario]
name = "minutes"
seed = 1

[data]
timeframe = "1m"
path = "{symbol}.csv"
symbols = ["AAPL", "MSFT"]

[account]
cash = "100000"

[strategy]
name = "buy_and_hold"

[sizing]
kind = "equity_fraction"
value = "0.5"

[stop]
kind = "none"

[risk]
max_daily_loss = "0.5"
max_position_size = "1"
max_portfolio_heat = "1"
max_correlated_exposure = "1"
max_drawdown = "0.9"
max_gross_exposure = "1"
max_open_positions = 10
max_orders_per_minute = 30
max_order_notional = "1000000"
price_collar = "0.10"
on_daily_loss = "halt"
on_breach = "reject"
"#;

/// The exchange over `sessions[n]` minutes of each day from 2013-10-07 on.
pub fn exchange(sessions: &[usize]) -> Exchange {
    let folder = tempfile::tempdir().unwrap();
    for (symbol, price) in [("AAPL", 480), ("MSFT", 33)] {
        let mut text = "timestamp,open,high,low,close,volume\n".to_owned();
        for (day, bars) in sessions.iter().enumerate() {
            for bar in 0..*bars {
                let (hour, minute) = (13 + (30 + bar) / 60, (30 + bar) % 60);
                let time = format!("2013-10-{:02}T{hour:02}:{minute:02}:00Z", 7 + day);
                text += &format!("{time},{price}.00,{price}.50,{price}.00,{price}.25,1000\n");
            }
        }
        std::fs::write(folder.path().join(format!("{symbol}.csv")), text).unwrap();
    }
    let path = folder.path().join("minutes.toml");
    std::fs::write(&path, SCENARIO).unwrap();
    let loaded = load(&path, &[]).unwrap();
    Exchange::new(&loaded, &load_market(&loaded).unwrap()).unwrap()
}

fn wall() -> Timestamp {
    Timestamp::from_ns(i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap())
}

/// A running server.
pub struct Box {
    pub server: Server,
    client: reqwest::Client,
}

/// A server that is stepped.
pub async fn stepped() -> Box {
    started(Pace::Step, &BARS, ServerOptions::DRAIN_WAIT).await
}

pub async fn started(pace: Pace, sessions: &[usize], drain_wait: Duration) -> Box {
    // The HTTP client wants to know its TLS, which none of these tests uses.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = ServerOptions { keys: Keys::new(KEY, SECRET), pace, faults: FaultPlan::none(), wall, drain_wait };
    let server = Server::start(exchange(sessions), "127.0.0.1:0".parse().unwrap(), options).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().timeout(WAIT).build().unwrap();
    Box { server, client }
}

impl Box {
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.server.address()))
    }

    pub async fn send(&self, method: Method, path: &str, body: &str) -> Result<Response, reqwest::Error> {
        let request = self.request(method, path).header("APCA-API-KEY-ID", KEY);
        request.header("APCA-API-SECRET-KEY", SECRET).body(body.to_owned()).send().await
    }

    /// Status and JSON.
    pub async fn call(&self, method: Method, path: &str, body: &str) -> (u16, Value) {
        let response = self.send(method, path, body).await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call(Method::GET, path, "").await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub async fn step(&self, body: &str) -> Value {
        let (status, answer) = self.call(Method::POST, "/_control/step", body).await;
        assert_eq!(status, 200, "{body}: {answer}");
        answer
    }

    /// These rules, with this seed.
    pub async fn faults(&self, seed: u64, rules: Value) {
        let plan = json!({"seed": seed, "rules": rules}).to_string();
        let (status, answer) = self.call(Method::POST, "/_control/faults", &plan).await;
        assert_eq!(status, 200, "{answer}");
    }

    /// An order that rests far below the market; gives its id.
    pub async fn order(&self) -> Result<String, reqwest::Error> {
        let body =
            r#"{"symbol":"AAPL","qty":"1","side":"buy","type":"limit","limit_price":"100","time_in_force":"day"}"#;
        let response = self.send(Method::POST, "/v2/orders", body).await?;
        assert_eq!(response.status(), 200);
        let order: Value = serde_json::from_str(&response.text().await?).unwrap();
        Ok(order["id"].as_str().unwrap().to_owned())
    }

    /// How many orders are open.
    pub async fn orders(&self) -> usize {
        self.get("/v2/orders").await.as_array().unwrap().len()
    }

    pub async fn socket(&self, path: &str, headers: &[(&'static str, &str)]) -> Socket {
        self.try_socket(path, headers).await.unwrap()
    }

    /// A websocket, or the status that its handshake got (0 without any).
    pub async fn try_socket(&self, path: &str, headers: &[(&'static str, &str)]) -> Result<Socket, u16> {
        let stream = TcpStream::connect(self.server.address()).await.unwrap();
        self.socket_over(stream, path, headers).await
    }

    pub async fn socket_over(
        &self,
        stream: TcpStream,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Socket, u16> {
        let mut request = format!("ws://{}{path}", self.server.address()).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(_) => Err(0),
        }
    }

    /// A connection to `/stream` that listens.
    pub async fn listener(&self) -> Socket {
        let mut socket = self.socket("/stream", &[]).await;
        socket.say(json!({"action": "auth", "key": KEY, "secret": SECRET})).await;
        assert_eq!(socket.hear().await["data"]["status"], "authorized");
        socket.say(json!({"action": "listen", "data": {"streams": ["trade_updates"]}})).await;
        assert_eq!(socket.hear().await["stream"], "listening");
        socket
    }

    /// A connection to a feed with this subscription.
    pub async fn subscriber(&self, path: &str, subscription: Value) -> Socket {
        let keys = [("APCA-API-KEY-ID", KEY), ("APCA-API-SECRET-KEY", SECRET)];
        let mut socket = self.socket(path, &keys).await;
        assert_eq!(socket.hear().await[0]["msg"], "connected");
        assert_eq!(socket.hear().await[0]["msg"], "authenticated");
        let mut message = subscription;
        message["action"] = "subscribe".into();
        socket.say(message).await;
        assert_eq!(socket.hear().await[0]["T"], "subscription");
        socket
    }
}

/// The client's end of a websocket.
pub struct Socket(pub WebSocketStream<TcpStream>);

impl Socket {
    pub async fn say(&mut self, value: Value) {
        self.send(Message::text(value.to_string())).await;
    }

    pub async fn send(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    /// The next data frame; `None` once the connection has ended.
    pub async fn frame(&mut self) -> Option<Message> {
        loop {
            match tokio::time::timeout(WAIT, self.0.next()).await.expect("a frame in time") {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(message)) => return Some(message),
            }
        }
    }

    /// The next frame as JSON.
    pub async fn hear(&mut self) -> Value {
        let frame = self.frame().await.expect("the connection is there");
        serde_json::from_slice(&frame.into_data()).unwrap()
    }

    /// What has arrived: with the answer to a request, what it caused has been written to us.
    pub async fn heard(&mut self) -> Vec<Value> {
        let mut all = Vec::new();
        while let Ok(Some(Ok(frame))) = tokio::time::timeout(Duration::from_millis(200), self.0.next()).await {
            if !frame.is_close() {
                all.push(serde_json::from_slice(&frame.into_data()).unwrap());
            }
        }
        all
    }

    /// Ids of the orders of the events that have arrived.
    pub async fn orders_heard(&mut self) -> Vec<String> {
        let id = |event: &Value| event["data"]["order"]["id"].as_str().unwrap().to_owned();
        self.heard().await.iter().map(id).collect()
    }

    /// Has the other side ended it?
    pub async fn is_cut(&mut self) -> bool {
        self.frame().await.is_none()
    }
}
