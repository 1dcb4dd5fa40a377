//! Budget: how many evaluations a member may have, per epoch and namespace.
//! In: limits, requests. Out: a permit, or a refusal; a state to be kept before anything is answered.
//! Invariant: without a permit nothing is evaluated: types see to it. What was charged stays charged, answered or not.
//! Not here: keeping the state (the store), the ledger's entry.

use serde::{Deserialize, Serialize};

use crate::element::Namespace;
use crate::error::{Error, Result};

/// What one member may still ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Who.
    pub member: String,
    /// In which namespace.
    pub namespace: Namespace,
    /// Evaluations in this epoch at most.
    pub limit: u64,
    /// Evaluations charged.
    pub used: u64,
}

/// What all members may still ask one holder for, in one epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budgets {
    epoch: u64,
    accounts: Vec<Account>,
}

/// That so many evaluations were charged. Spent by being used.
#[derive(Debug)]
pub struct Permit {
    namespace: Namespace,
    count: u64,
}

impl Budgets {
    /// Of an epoch, nobody with any.
    #[must_use]
    pub fn new(epoch: u64) -> Self {
        Self { epoch, accounts: Vec::new() }
    }

    /// The epoch.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Sets a limit; what was used stays.
    pub fn allow(&mut self, member: &str, namespace: Namespace, limit: u64) {
        match self.account_mut(member, namespace) {
            Some(account) => account.limit = limit,
            None => self.accounts.push(Account { member: member.to_owned(), namespace, limit, used: 0 }),
        }
    }

    /// Charges a member. The caller keeps the new state before it uses the permit.
    ///
    /// # Errors
    /// If there isn't that much left; then nothing is charged.
    pub fn charge(&mut self, member: &str, namespace: Namespace, count: u64) -> Result<Permit> {
        let refused = |left, limit| Error::Budget { member: member.to_owned(), asked: count, left, limit };
        let account = self.account_mut(member, namespace).ok_or_else(|| refused(0, 0))?;
        let left = account.limit.saturating_sub(account.used);
        if count > left {
            return Err(refused(left, account.limit));
        }
        account.used += count;
        Ok(Permit { namespace, count })
    }

    /// Every account.
    #[must_use]
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    fn account_mut(&mut self, member: &str, namespace: Namespace) -> Option<&mut Account> {
        self.accounts.iter_mut().find(|account| account.member == member && account.namespace == namespace)
    }
}

impl Permit {
    /// Spends it on exactly what was charged.
    pub(crate) fn spend(self, namespace: Namespace, count: u64) -> Result<()> {
        if self.namespace == namespace && self.count == count {
            return Ok(());
        }
        Err(Error::Misuse("the permit was for something else"))
    }
}
