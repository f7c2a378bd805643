//! The dashboard before it starts: where it will listen, and whether its token can be guessed.
//!
//! Not here: the dashboard. It listens on loopback only, by its own check, so that there is no address to get wrong.
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use super::{Item, Preflight, Verdict};

/// Where it listens if nobody says otherwise.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8000);
/// Shorter tokens may be tried out.
const TOKEN_LENGTH_MIN: usize = 32;

/// The items of the dashboard.
pub(super) fn examine(flight: &Preflight<'_>) -> Vec<Item> {
    let mut items = vec![address(LISTEN)];
    if let Ok(env) = flight.env {
        let short = ["DASHBOARD_TOKEN", "ALPHAFLOW_TOKEN"].into_iter().filter(|name| {
            env.get(name).is_some_and(|token| !token.is_empty() && token.chars().count() < TOKEN_LENGTH_MIN)
        });
        let short: Vec<&str> = short.collect();
        items.push(match &short[..] {
            [] => Item::holds("dashboard_token", "no token is short"),
            names => Item::fails(
                "dashboard_token",
                format!(
                    "{} is shorter than {TOKEN_LENGTH_MIN} characters; `openssl rand -hex 32` makes a good one",
                    names.join(" and ")
                ),
            ),
        });
    }
    items
}

fn address(listen: SocketAddr) -> Item {
    match TcpListener::bind(listen) {
        Ok(_) => Item::holds("bind_address", format!("{listen} is free; only this machine can reach it")),
        // A session may be running, or another port may be wanted.
        Err(error) => {
            let text = format!(
                "{listen} cannot be listened on: {error}; end what listens there, or give the session another port"
            );
            Item::new("bind_address", Verdict::Warns, text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{World, env_with, not_held};
    use super::super::{Answers, PreflightMode};
    use super::*;

    #[test]
    fn a_port_in_use_is_a_warning() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address_taken = taken.local_addr().expect("address");
        assert_eq!(address(address_taken).verdict, Verdict::Warns);
        assert_eq!(address(SocketAddr::new(address_taken.ip(), 0)).verdict, Verdict::Holds);
    }

    #[tokio::test]
    async fn a_short_token_fails_and_is_not_shown() {
        let mut world = World::new();
        world.env = Ok(env_with(
            world.folder.path(),
            "DASHBOARD_TOKEN=hidden\nALPHAFLOW_TOKEN=0123456789abcdef0123456789abcdef",
        ));
        world.answers = Answers::default();
        let examined = world.examine(PreflightMode::Paper).await;
        let all = not_held(&examined);
        let (_, verdict, text) = all.iter().find(|(name, _, _)| *name == "dashboard_token").expect("it is short");
        assert_eq!(*verdict, Verdict::Fails);
        assert!(text.contains("DASHBOARD_TOKEN is shorter") && !text.contains("hidden"), "{text}");
    }
}
