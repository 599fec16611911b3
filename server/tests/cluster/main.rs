//! Many processes on one database: workers that are killed in the middle of their work, nodes that stop, a database and a
//! bucket that go away. The processes are this program itself, started again (`node`), with networks that are played; what may
//! not happen twice is counted here, outside of them (`web`).

// The client, pictures and networks of the other tests; services within this process are not used here.
#[allow(dead_code, unused_imports)]
#[path = "../common/mod.rs"]
mod common;
mod crowd;
mod entrances;
mod follow;
#[path = "../common/gate.rs"]
mod gate;
mod ground;
mod handover;
mod kills;
mod missed;
mod node;
mod nodes;
mod outages;
mod outside;
mod played;
mod pools;
#[path = "../common/postgres.rs"]
mod postgres;
#[allow(dead_code)]
#[path = "../common/s3_server.rs"]
mod s3_server;
mod seeded;
mod store;
mod taking;
mod unanswered;
mod web;
