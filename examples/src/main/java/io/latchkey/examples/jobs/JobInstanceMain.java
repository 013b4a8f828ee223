package io.latchkey.examples.jobs;

import io.latchkey.Latchkey;
import io.latchkey.shedlock.LatchkeyLock;
import io.latchkey.shedlock.LatchkeyLockProvider;
import io.latchkey.testkit.ParentChannel;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import net.javacrumbs.shedlock.core.DefaultLockingTaskExecutor;
import net.javacrumbs.shedlock.core.LockConfiguration;

/**
 * One instance of an application with a scheduled job. Both instances fire it in each period; the second waits for the first, finds
 * the work done and does nothing, or, if the first has died in the middle of it, does it.
 */
final class JobInstanceMain {
    static final Duration PERIOD = Duration.ofMillis(800);
    private static final Duration AT_MOST = Duration.ofMillis(600);
    private static final Duration WORK = Duration.ofMillis(60);

    private final String url;
    private final String name;
    private final long delayMs;
    private final ParentChannel parent;

    private JobInstanceMain(String url, String name, long delayMs, ParentChannel parent) {
        this.url = url;
        this.name = name;
        this.delayMs = delayMs;
        this.parent = parent;
    }

    /** Arguments: URL, name, and by how many milliseconds its clock is late. Ends with its parent. */
    public static void main(String[] arguments) throws InterruptedException {
        ParentChannel parent = ParentChannel.open();
        try (Latchkey latchkey =
                Latchkey.builder(arguments[0]).holder(arguments[1]).connect()) {
            LatchkeyLockProvider provider = LatchkeyLockProvider.builder(latchkey)
                    .waitAtMostFor(Duration.ofMinutes(1))
                    .keepAlive(true) // so that AT_MOST is only how long the others wait when this one has died
                    .build();
            parent.send("ready");
            parent.receive();
            new JobInstanceMain(arguments[0], arguments[1], Long.parseLong(arguments[2]), parent)
                    .fire(new DefaultLockingTaskExecutor(provider));
        }
    }

    private void fire(DefaultLockingTaskExecutor executor) throws InterruptedException {
        for (long period = currentPeriod() + 1; ; period++) {
            long due = period;
            while (currentPeriod() < due) {
                Thread.sleep(1);
            }
            boolean done = false;
            while (!done) {
                done = attempt(executor, due);
            }
        }
    }

    /** False if it failed, for example because this instance overslept: as it is not known to be done, it is tried again. */
    private boolean attempt(DefaultLockingTaskExecutor executor, long period) {
        try {
            executor.executeWithLock(
                    (Runnable) () -> run(period),
                    new LockConfiguration(Instant.now(), "report", AT_MOST, Duration.ZERO));
            return true;
        } catch (RuntimeException e) {
            parent.send("failed " + e.getMessage());
            return false;
        }
    }

    /** As cron does it: by the clock on the wall, which is never quite the same for two. */
    private long currentPeriod() {
        return (System.currentTimeMillis() - delayMs) / PERIOD.toMillis();
    }

    private void run(long period) {
        LatchkeyLock lock = LatchkeyLock.current();
        try (Connection connection = DriverManager.getConnection(url)) {
            if (isDone(connection, period)) {
                return;
            }
            parent.send("began " + period + " " + lock.fencingToken());
            Thread.sleep(WORK.toMillis());
            connection.setAutoCommit(false);
            lock.fence(connection); // whoever overslept is refused here
            write(connection, period, lock.fencingToken());
            connection.commit();
            parent.send("ran " + period + " " + lock.fencingToken());
        } catch (SQLException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean isDone(Connection connection, long period) throws SQLException {
        try (var query = connection.prepareStatement("SELECT FROM jobs_example.run WHERE period = ?")) {
            query.setLong(1, period);
            try (var row = query.executeQuery()) {
                return row.next();
            }
        }
    }

    private void write(Connection connection, long period, long token) throws SQLException {
        try (var insert = connection.prepareStatement("INSERT INTO jobs_example.run VALUES (?, ?, ?)")) {
            insert.setLong(1, period);
            insert.setString(2, name);
            insert.setLong(3, token);
            insert.executeUpdate();
        }
    }
}
