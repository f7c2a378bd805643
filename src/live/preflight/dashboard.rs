//! The dashboard before it starts: where it will listen, and whether its token can be guessed.
//!
//! Not here: the dashboard. It listens on loopback only, by its own check, so that there is no address to get wrong.
use std::net::{SocketAddr, TcpListener};

use super::{Item, Preflight, Verdict};
use crate::live::dashboard::{DashboardPort, Tokens};

/// The items of the dashboard.
pub(super) fn examine(flight: &Preflight<'_>) -> Vec<Item> {
    let mut items = vec![address(DashboardPort::USUAL)];
    if let Ok(env) = flight.env {
        let set = |name: &str| env.get(name).filter(|token| !token.is_empty());
        let text = match (set("DASHBOARD_TOKEN"), set("ALPHAFLOW_TOKEN")) {
            (None, None) => Ok("none is set: a session makes one at its start, and scripts have no way in".to_owned()),
            _ => Tokens::check(env)
                .map(|()| "what is set cannot be guessed".to_owned())
                .map_err(|error| error.to_string()),
        };
        items.push(Item::of("dashboard_token", text));
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
        assert!(text.contains("DASHBOARD_TOKEN has 6 characters") && !text.contains("hidden"), "{text}");
    }
}
