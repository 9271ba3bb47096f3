//! The power of PostgreSQL is cut, below an API and a worker.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::image::Image;
use super::{Answers, kill_traced, responds, strace, trace};
use crate::random::Random;
use crate::support::process::{ChildProcess, command, copy_folder, run_to_end};
use crate::support::servers::{PostgresServer, RedisServer, free_port};
use crate::systems::{PROGRAM, SystemClient};

/// Number of power cuts, each with the least and with a random part of what was not synced.
const CUTS: usize = 4;
/// Submissions before and after a checkpoint, all with values that are rows.
const HALVES: [std::ops::RangeInclusive<i64>; 2] = [1..=48, 1_049..=1_096];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_of_postgres_loses_nothing_that_was_answered() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let (before, traces) = (folder.path().join("before"), folder.path().join("traces"));
    std::fs::create_dir(&traces).expect("a folder");
    // PostgreSQL runs as another user.
    for (folder, mode) in [(folder.path(), 0o711), (&*traces, 0o777)] {
        std::fs::set_permissions(folder, PermissionsExt::from_mode(mode)).expect("a folder of ours");
    }
    let log = |name: &str| folder.path().join(name);
    let mut postgres = PostgresServer::start(log("postgres.log"));
    let mut migrate = Command::new(PROGRAM);
    migrate.arg("migrate").envs(settings(&postgres, None, folder.path()));
    run_to_end(migrate);
    postgres.stop();
    copy_folder(&postgres.data(), &before);

    let mut redis = RedisServer::start(log("redis.log"));
    let mut answers = Answers::default();
    postgres.start_traced(strace(&traces));
    {
        let (_roles, client) = start(&postgres, &redis, folder.path());
        responds(&client).await;
        let [first, second] = HALVES;
        answers.collect(&client, first).await;
        postgres.sql("postgres", "checkpoint");
        answers.collect(&client, second).await;
    }
    kill_traced(postgres.take_process());
    let events = trace::read(&traces, &postgres.data());
    println!("{} accepted, {} seen done, {} events", answers.accepted.len(), answers.done.len(), events.len());

    let mut random = Random::new(1);
    for (cut, at) in answers.some_times(CUTS, &mut random).into_iter().enumerate() {
        let image = Image::read(&before, &postgres.data()).replay(&events, at);
        for is_random in [false, true] {
            let copy = tempfile::tempdir().expect("a temporary directory");
            std::fs::create_dir(copy.path().join("data")).expect("a folder");
            image.write(&postgres.data(), &copy.path().join("data"), is_random.then_some(&mut random));
            postgres.kill();
            postgres.restore(&copy);
            postgres.restart();
            // Not a power cut of Redis: it may lose everything at any time.
            redis.kill();
            redis.restart();
            let (_roles, client) = start(&postgres, &redis, folder.path());
            answers.verify(&client, at, &format!("cut {cut}, random part: {is_random}")).await;
        }
    }
}

/// Starts an API and a worker.
fn start(postgres: &PostgresServer, redis: &RedisServer, folder: &Path) -> ([ChildProcess; 2], SystemClient) {
    let port = free_port();
    let roles = ["api", "worker"].map(|role| {
        let mut program = command(PROGRAM, "KILL", None);
        program.arg(role).envs(settings(postgres, Some(redis), folder));
        if role == "api" {
            program.env("ABACI_LISTEN", format!("127.0.0.1:{port}")).env("ABACI_RATE", "off");
        }
        ChildProcess::start(program, &folder.join(format!("{role}.log")))
    });
    (roles, SystemClient::new(format!("http://127.0.0.1:{port}")))
}

fn settings(postgres: &PostgresServer, redis: Option<&RedisServer>, folder: &Path) -> Vec<(&'static str, String)> {
    let redis_port = redis.map_or(1, |redis| redis.port);
    crate::systems::backend_settings(postgres.port, redis_port, &folder.join("values"))
}
