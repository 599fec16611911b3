//! Many processes on one database: workers that are killed in the middle of their work, nodes that stop, a database and a
//! bucket that go away. The processes are this program itself, started again (`node`); what they may not do twice is counted
//! here, outside of them (`web`).

#[path = "../common/gate.rs"]
mod gate;
mod outside;
#[path = "../common/postgres.rs"]
mod postgres;
mod pools;
mod store;
