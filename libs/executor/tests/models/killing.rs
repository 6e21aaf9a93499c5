//! A kill reaches its task, whether that waits or runs user code.

use crate::{
    deadlocks_without,
    machine::{Machine, become_cpu, explore, new_executor, run_until, schedule, spawn_cpu},
};
use executor::{KillSwitch, Killed};
use loom::sync::Arc;
use std::future;

#[test]
fn kill_against_wait() {
    explore(3, || {
        let executor = new_executor(2);
        let switch = Arc::new(KillSwitch::<Machine>::new());
        let task_switch = Arc::clone(&switch);
        let waiting = spawn_cpu(0, move || {
            let waits = async move { task_switch.until_killed(future::pending::<()>()).await };
            let reservation = executor.reserve().expect("it has room");
            let task = reservation.spawn(waits, schedule(executor));
            assert_eq!(run_until(executor, task), Err(Killed));
        });
        become_cpu(1);
        switch.kill(executor.hardware());
        waiting.join().expect("the task is killed");
    });
}

#[test]
fn kill_against_run() {
    explore(3, || {
        let machine = Arc::new(Machine::new(2));
        let switch = Arc::new(KillSwitch::<Machine>::new());
        let running = spawn_cpu(0, {
            let (machine, switch) = (Arc::clone(&machine), Arc::clone(&switch));
            move || {
                while let Ok(_running) = switch.start_running(0) {
                    machine.run_until_interrupt();
                }
            }
        });
        become_cpu(1);
        switch.kill(&*machine);
        running.join().expect("the task is interrupted");
    });
}

#[test]
fn kills_are_lost_when_weakened() {
    deadlocks_without("LookAfterRegister", "killing::kill_against_wait");
    deadlocks_without("FenceAfterKill", "killing::kill_against_run");
    deadlocks_without("FenceBeforeRun", "killing::kill_against_run");
}
