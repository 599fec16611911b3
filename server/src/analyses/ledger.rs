//! Who owns what is kept, how many bytes it takes, and what was used last: the index of the cache, all of it in memory.

use super::Key;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::mem;
use uuid::Uuid;

#[derive(Debug)]
struct Entry {
    owners: HashSet<Uuid>,
    bytes: u64,
    /// Its place in `by_use`.
    used: u64,
}

#[derive(Debug, Default)]
pub struct Ledger {
    entries: HashMap<Key, Entry>,
    /// The longest unused first.
    by_use: BTreeMap<u64, Key>,
    uses: u64,
    bytes: u64,
    /// Every request that ever owned something and is not forgotten.
    owners: HashSet<Uuid>,
    /// Requests that were forgotten since the last sweep, and since the one before: something late may still come from them.
    forgotten: [HashSet<Uuid>; 2],
}

impl Ledger {
    pub fn knows(&self, key: &Key) -> bool {
        self.entries.contains_key(key)
    }

    pub fn is_owner(&self, key: &Key, request: Uuid) -> bool {
        self.entries.get(key).is_some_and(|entry| entry.owners.contains(&request))
    }

    /// Says that a request has, or had, notes of what it owns.
    pub fn add_owner(&mut self, request: Uuid) {
        self.owners.insert(request);
    }

    /// A new entry, or another size of a known one; its owners stay.
    pub fn insert(&mut self, key: Key, bytes: u64) {
        let mut owners = HashSet::new();
        if let Some(known) = self.remove(&key) {
            owners = known.owners;
        }
        self.uses += 1;
        self.by_use.insert(self.uses, key);
        self.bytes += bytes;
        self.entries.insert(key, Entry { owners, bytes, used: self.uses });
    }

    /// The entry, where there is one, is this request's as well.
    pub fn own(&mut self, key: &Key, request: Uuid) {
        if let Some(entry) = self.entries.get_mut(key) {
            self.owners.insert(request);
            entry.owners.insert(request);
        }
    }

    /// As [`own`](Self::own), and it was used just now.
    pub fn use_by(&mut self, key: &Key, request: Uuid) {
        self.own(key, request);
        let Some(entry) = self.entries.get_mut(key) else { return };
        self.by_use.remove(&entry.used);
        self.uses += 1;
        entry.used = self.uses;
        self.by_use.insert(self.uses, *key);
    }

    /// True where the entry was there.
    pub fn drop_entry(&mut self, key: &Key) -> bool {
        self.remove(key).is_some()
    }

    fn remove(&mut self, key: &Key) -> Option<Entry> {
        let entry = self.entries.remove(key)?;
        self.by_use.remove(&entry.used);
        self.bytes -= entry.bytes;
        Some(entry)
    }

    /// The entry that was not used for the longest time.
    pub fn oldest(&self) -> Option<Key> {
        self.by_use.first_key_value().map(|(_, key)| *key)
    }

    /// Those that belong to nobody.
    pub fn ownerless(&self) -> Vec<Key> {
        self.entries.iter().filter(|(_, entry)| entry.owners.is_empty()).map(|(key, _)| *key).collect()
    }

    /// From now on nothing of this request is kept. What belonged to it alone is taken out and returned.
    pub fn forget(&mut self, request: Uuid) -> Vec<Key> {
        self.forgotten[0].insert(request);
        if !self.owners.contains(&request) {
            return Vec::new();
        }
        let mut alone = Vec::new();
        for (key, entry) in &mut self.entries {
            if entry.owners.remove(&request) && entry.owners.is_empty() {
                alone.push(*key);
            }
        }
        alone.iter().for_each(|key| drop(self.remove(key)));
        alone
    }

    /// Nothing of this request is left anywhere.
    pub fn forgot(&mut self, request: Uuid) {
        self.owners.remove(&request);
    }

    pub fn is_forgotten(&self, request: Uuid) -> bool {
        self.forgotten.iter().any(|forgotten| forgotten.contains(&request))
    }

    /// Every owner, for a sweep that asks whether each is still known. What is forgotten need not be remembered for longer than
    /// two sweeps: what comes later is found by the next.
    pub fn begin_sweep(&mut self) -> Vec<Uuid> {
        self.forgotten[1] = mem::take(&mut self.forgotten[0]);
        self.owners.iter().copied().collect()
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn entries(&self) -> usize {
        self.entries.len()
    }
}
