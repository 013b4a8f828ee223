package io.latchkey.examples.demo;

import io.latchkey.examples.demo.Report.Kind;
import io.latchkey.examples.demo.Screen.Ink;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/** What happens, in the order in which it is told. */
final class Story {
    static final String LOCK = "latchkey-demo";
    static final Duration LEASE = Duration.ofSeconds(2);

    private static final String SLOWLY = "work 350";
    private static final String FULL_SPEED = "work 0";

    private final Screen screen;
    private final Database database;
    private final History history = new History();
    private final Timeline timeline;

    Story(Screen screen, Database database) {
        this.screen = screen;
        this.database = database;
        this.timeline = new Timeline(screen, history);
    }

    /** Plays it. The workers have ended when it returns. */
    Outcome play() throws InterruptedException {
        try (Crew crew = new Crew(database.url(), this::heard)) {
            threeProcesses(crew);
            fullSpeed(crew);
            Turn killed = kill(crew);
            Turn stopped = stop(crew);
            Report refused = wakeUp(crew, stopped);
            crew.end();
            return new Outcome(history, killed, stopped, refused);
        }
    }

    private void heard(Report report) {
        history.add(report);
        timeline.update();
    }

    private void threeProcesses(Crew crew) throws InterruptedException {
        screen.heading("1  Three processes take turns");
        List<String> names = Crew.NAMES.subList(0, 3);
        names.forEach(crew::hire);
        for (int i = 0; i < names.size(); i++) {
            crew.await("the workers to connect", report -> report.kind() == Kind.READY);
        }
        names.forEach(name ->
                timeline.event("+", "+", name, "pid " + crew.worker(name).pid()));
        crew.tellAll(SLOWLY);
        crew.listen(Duration.ofMillis(2_600));
    }

    private void fullSpeed(Crew crew) throws InterruptedException {
        screen.heading("2  The same as fast as they can");
        timeline.show(false);
        long before = lastToken();
        crew.tellAll(FULL_SPEED);
        crew.listen(Duration.ofSeconds(2));
        crew.tellAll(SLOWLY);
        Thread.sleep(100);
        crew.listen(Duration.ofMillis(100)); // what is still under way
        List<Duration> times = history.handOvers(before);
        screen.event(Screen.number(times.size()) + " turns with a commit each in 2 s");
        screen.event("hand-over: median " + screen.paint(Ink.GREEN, screen.time(History.percentile(times, 50)))
                + ", 90 % within " + screen.time(History.percentile(times, 90))
                + ", 99 % within " + screen.time(History.percentile(times, 99)));
    }

    private Turn kill(Crew crew) throws InterruptedException {
        timeline.show(true);
        screen.heading("3  kill -9: the holder dies with the lock in its hand");
        Turn turn = holdingTurn(crew);
        Worker victim = crew.worker(turn.worker());
        long killedAt = System.nanoTime();
        victim.kill();
        crew.dismiss(victim);
        history.end(turn.token(), Turn.End.KILLED, killedAt);
        timeline.event(
                "✗", "x", turn.worker(), screen.paint(Ink.RED, "kill -9 " + victim.pid()) + ", before its write");
        Worker replacement = crew.hire(Crew.NAMES.get(3));
        crew.tellAll(SLOWLY);
        timeline.event("+", "+", replacement.name(), "pid " + replacement.pid() + ", in its place");
        awaitTurn(crew, turn.token(), replacement.name());
        return turn.ended(Turn.End.KILLED, killedAt);
    }

    private Turn stop(Crew crew) throws InterruptedException {
        screen.heading("4  SIGSTOP: the holder sleeps longer than its lease");
        Turn turn = holdingTurn(crew);
        Worker sleeper = crew.worker(turn.worker());
        long stoppedAt = System.nanoTime();
        sleeper.stop();
        history.end(turn.token(), Turn.End.STOPPED, stoppedAt);
        timeline.event(
                "‖",
                "|",
                turn.worker(),
                screen.paint(Ink.YELLOW, "kill -STOP " + sleeper.pid()) + ", before its write");
        crew.workers().stream().filter(worker -> worker != sleeper).forEach(worker -> worker.tell(SLOWLY));
        sleeper.tell(SLOWLY); // which it reads when it wakes up
        crew.await("the next holder", report -> report.kind() == Kind.HELD);
        crew.listen(Duration.ofNanos(Math.max(
                Duration.ofMillis(500).toNanos(),
                stoppedAt + LEASE.plusMillis(500).toNanos() - System.nanoTime())));
        return turn.ended(Turn.End.STOPPED, stoppedAt);
    }

    private Report wakeUp(Crew crew, Turn stopped) throws InterruptedException {
        Worker sleeper = crew.worker(stopped.worker());
        timeline.event("▶", ">", stopped.worker(), screen.paint(Ink.YELLOW, "kill -CONT " + sleeper.pid()));
        sleeper.resume();
        Report over = crew.await("the sleeper to look at its lease", report -> report.kind() == Kind.OVER);
        timeline.event(
                " ",
                " ",
                stopped.worker(),
                "its first look: isValid() = " + over.text().equals("valid"));
        Report end =
                crew.await("the late write", report -> report.kind() == Kind.REFUSED || report.kind() == Kind.STALE);
        timeline.event(" ", " ", stopped.worker(), "writes all the same, with token " + stopped.token());
        timeline.event(
                "✗",
                "x",
                stopped.worker(),
                end.kind() == Kind.REFUSED
                        ? screen.paint(Ink.GREEN, "refused by the database") + ": SQLSTATE " + end.text()
                        : screen.paint(Ink.RED, "ACCEPTED"));
        awaitTurn(crew, stopped.token(), stopped.worker());
        crew.listen(Duration.ofMillis(400));
        return end;
    }

    /** Asks the workers to stand still in their next turn, and waits for the first one that does. */
    private Turn holdingTurn(Crew crew) throws InterruptedException {
        crew.tellAll("hold");
        long token = crew.await("a worker to hold the lock", report -> report.kind() == Kind.HOLDING)
                .token();
        while (!timeline.hasShown(token)) {
            crew.await("the end of the turn before", report -> report.kind() == Kind.RELEASED);
        }
        return Objects.requireNonNull(history.turn(token));
    }

    /** Waits until this worker has had the lock after that grant. */
    private void awaitTurn(Crew crew, long token, String worker) throws InterruptedException {
        while (!history.hasTurn(token, worker)) {
            crew.await(worker + "'s turn", report -> report.kind() == Kind.HELD);
        }
    }

    private long lastToken() {
        Turn last = history.last();
        return last == null ? 0 : last.token();
    }
}
