//! The whole checklist, in order.
//!
//! Not here: what an item means (the files of the items), what is kept of it (record).
use super::{Examined, Preflight, answers, dashboard, environment, journal, machine, money, proofs, venue};

impl Preflight<'_> {
    /// Looks at everything. An item that cannot be judged fails; one never hides the next.
    pub async fn examine(&self) -> Examined {
        let keys = match self.env {
            Ok(env) => environment::keys(self.mode, env),
            Err(error) => Err(error.to_string()),
        };
        let now = (self.wall)();
        let mut items = environment::examine(self, keys.as_ref());
        items.extend(machine::examine(self, now));
        items.extend(journal::examine(self));
        items.extend(dashboard::examine(self));
        items.extend(money::examine(self));
        items.extend(proofs::examine(self, now));
        let found = venue::examine(self, keys.as_ref()).await;
        items.extend(found.items);
        items.extend(answers::examine(self.mode, self.answers, now));
        Examined { mode: self.mode.name(), at: (self.wall)(), account: found.account, items }
    }
}
