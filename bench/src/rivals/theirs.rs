//! Another queue: its servers, its worker and the driver that enqueues.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use rustix::process::Signal;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};

use super::{Enqueue, Latency, RESULT_TIMEOUT, Throughput};
use crate::distributed::cpu::own_seconds;
use crate::distributed::servers::{BenchPostgres, BenchProcess, BenchRedis, bound_command, own_folder};
use crate::process::{memory_mb, with_descendants};

/// A program of `bench/rivals`.
pub struct QueueProgram {
    name: &'static str,
    interpreter: PathBuf,
    file: PathBuf,
}

impl QueueProgram {
    /// Returns the programs in a folder with their libraries installed.
    pub fn all(folder: &Path) -> [Self; 3] {
        let program = |name, interpreter, file| Self { name, interpreter, file: folder.join(file) };
        [
            program("BullMQ on Redis", "node".into(), "bullmq.mjs"),
            program("Celery on Redis", folder.join("python/bin/python"), "celery_rival.py"),
            program("graphile-worker on PostgreSQL", "node".into(), "graphile.mjs"),
        ]
    }
}

pub struct Theirs {
    program: QueueProgram,
    driver: Child,
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    worker: BenchProcess,
    redis: BenchRedis,
    postgres: BenchPostgres,
    folder: TempDir,
}

impl Theirs {
    pub async fn start(program: QueueProgram) -> Self {
        let folder = own_folder();
        let (postgres, redis) = (BenchPostgres::start(folder.path()), BenchRedis::durable(folder.path()));
        let mut driver = tokio::process::Command::from(program_of(&program, "driver", &postgres, &redis));
        let mut driver =
            driver.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().expect("it starts");
        let commands = driver.stdin.take().expect("piped");
        let mut answers = BufReader::new(driver.stdout.take().expect("piped")).lines();
        // It has created its tables, if it has any.
        assert_eq!(answers.next_line().await.expect("text").as_deref(), Some("ready"), "its error is above");
        let worker = worker_of(&program, &postgres, &redis, folder.path(), "worker");
        let mut theirs = Self { program, driver, commands, answers, worker, redis, postgres, folder };
        theirs.ask("latency 20 200").await;
        theirs
    }

    pub const fn name(&self) -> &str {
        self.program.name
    }

    async fn ask(&mut self, command: &str) -> [f64; 2] {
        let answer = ask(&mut self.commands, &mut self.answers, command).await;
        let numbers: Vec<f64> = answer.split(' ').map(|word| word.parse().expect("a number")).collect();
        numbers.try_into().unwrap_or_else(|_| panic!("{}: {command}: {answer}", self.program.name))
    }

    pub async fn throughput(&mut self, enqueue: Enqueue, first: i64, count: i64) -> Throughput {
        let command = match enqueue {
            Enqueue::Single => "single",
            Enqueue::Bulk => "bulk",
        };
        let [enqueued, stored] = self.ask(&format!("{command} {first} {count}")).await;
        Throughput { enqueued, stored }
    }

    pub async fn latency(&mut self, first: i64, count: i64) -> Latency {
        let [median, p99] = self.ask(&format!("latency {first} {count}")).await;
        Latency { median, p99 }
    }

    pub async fn recovery(&mut self) -> Option<f64> {
        ask(&mut self.commands, &mut self.answers, "slow 1").await;
        self.worker.until("it executes the slow job", |worker| worker.output().contains("slow job started"));
        let began = Instant::now();
        self.worker.kill();
        self.worker = worker_of(&self.program, &self.postgres, &self.redis, self.folder.path(), "next-worker");
        let done = ask(&mut self.commands, &mut self.answers, "slow-done");
        let done = tokio::time::timeout(RESULT_TIMEOUT, done).await;
        done.ok().map(|_| began.elapsed().as_secs_f64())
    }

    pub fn cpu_seconds(&self) -> f64 {
        let driver = self.driver.id().expect("it runs");
        let processes = [driver, self.worker.id(), self.redis.process(), self.postgres.process()];
        processes.into_iter().map(|process| with_descendants(process, own_seconds)).sum()
    }

    pub fn worker_mb(&self) -> f64 {
        with_descendants(self.worker.id(), memory_mb)
    }
}

/// Sends a command to a driver and returns the line that answers it.
async fn ask(commands: &mut ChildStdin, answers: &mut Lines<BufReader<ChildStdout>>, command: &str) -> String {
    commands.write_all(format!("{command}\n").as_bytes()).await.expect("it reads");
    answers.next_line().await.expect("text").expect("its error is above")
}

fn worker_of(
    program: &QueueProgram,
    postgres: &BenchPostgres,
    redis: &BenchRedis,
    folder: &Path,
    name: &str,
) -> BenchProcess {
    let command = program_of(program, "worker", postgres, redis);
    let mut worker = BenchProcess::start(command, folder, name, Signal::TERM);
    worker.until("the worker is ready", |worker| worker.output().contains("worker ready"));
    worker
}

fn program_of(program: &QueueProgram, role: &str, postgres: &BenchPostgres, redis: &BenchRedis) -> Command {
    let mut command = bound_command(&program.interpreter, "TERM");
    command.arg(&program.file).arg(role).env("REDIS_PORT", redis.port.to_string());
    command.env("PGHOST", "127.0.0.1").env("PGPORT", postgres.port.to_string());
    command.env("PGUSER", "abaci").env("PGDATABASE", "abaci");
    command
}
