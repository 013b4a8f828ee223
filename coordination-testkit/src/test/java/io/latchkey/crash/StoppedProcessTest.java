package io.latchkey.crash;

import static io.latchkey.faults.Scene.client;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.LeaseLostException;
import io.latchkey.faults.Scene;
import io.latchkey.testkit.JavaProcess;
import io.latchkey.testkit.ParentChannel;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A process that stands still for longer than its lease: its machine does (SIGSTOP), or its JVM (a collection of garbage). */
@Timeout(60)
final class StoppedProcessTest {
    /** The next one has the lock two thirds of it after the stop at the earliest: a renewal may have come just before. */
    private static final int TIMEOUT_MS = 3_000;

    @Test
    void processThatStandsStillLongerThanItsLease_knowsAtOnce_andItsWriteIsRefused() throws Exception {
        play(worker -> {
            worker.stop();
            return worker::cont;
        });
    }

    @Test
    void jvmThatStopsTheWorldLongerThanItsLease_knowsAtOnce_andItsWriteIsRefused() throws Exception {
        play(worker -> worker.stopTheWorld()::close);
    }

    /** @param stop stops the worker, and returns what lets it go on */
    private static void play(Function<JavaProcess, Runnable> stop) throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), TIMEOUT_MS);
                JavaProcess worker = JavaProcess.start(Worker.class, database.url());
                Latchkey other = client(database.url(), "other", TIMEOUT_MS).connect()) {
            database.execute("CREATE TABLE work (token bigint)");
            long token = Long.parseLong(
                    worker.expect("^holds (\\d+)$", Scene.PATIENCE).group(1));
            Runnable goOn = stop.apply(worker);
            try (Lease next = other.lock("job").acquire()) {
                assertThat(next.fencingToken()).isGreaterThan(token);
                goOn.run();
                assertThat(worker.expect("^woke up, valid: (.*)$", Scene.PATIENCE)
                                .group(1))
                        .isEqualTo("false");
                worker.expect("^fence refused", Scene.PATIENCE);
                worker.expect("^write refused LK001$", Scene.PATIENCE);
                assertThat(next.isValid()).isTrue();
            }
            Scene.eventually(() -> worker.output().contains("lost"));
            assertThat(Scene.text(database.address(), "SELECT count(*) FROM work"))
                    .isEqualTo("0");
        }
    }

    /** Holds the lock and asks all the time whether that is still so. */
    static final class Worker {
        private Worker() {}

        public static void main(String[] arguments) throws Exception {
            ParentChannel parent = ParentChannel.open();
            Latchkey latchkey = client(arguments[0], "worker", TIMEOUT_MS).connect();
            Lease lease = latchkey.lock("job").acquire();
            lease.onLost(() -> parent.send("lost"));
            try (Connection connection = DriverManager.getConnection(arguments[0])) {
                connection.setAutoCommit(false);
                parent.send("holds " + lease.fencingToken());
                parent.send("woke up, valid: " + firstAnswerAfterAPause(lease));
                write(connection, lease, parent);
            }
            parent.receive();
        }

        /**
         * An answer whose question was put after the pause: this thread was stopped anywhere, most likely in between. On a machine so
         * busy that renewals were late the pause is short, and over as soon as the lease is.
         */
        private static boolean firstAnswerAfterAPause(Lease lease) {
            long answered = System.nanoTime();
            while (true) {
                long asked = System.nanoTime();
                boolean valid = lease.isValid();
                if (!valid || asked - answered > TimeUnit.MILLISECONDS.toNanos(TIMEOUT_MS / 2)) {
                    return valid;
                }
                answered = asked;
            }
        }

        private static void write(Connection connection, Lease lease, ParentChannel parent) throws SQLException {
            try {
                lease.fence(connection);
            } catch (LeaseLostException e) {
                parent.send("fence refused");
            }
            // Whoever did not ask is refused by the database.
            try (PreparedStatement write = connection.prepareStatement(
                    "WITH fence AS MATERIALIZED (SELECT latchkey.fence('job', ?)) INSERT INTO work SELECT ? FROM fence")) {
                write.setLong(1, lease.fencingToken());
                write.setLong(2, lease.fencingToken());
                write.execute();
                connection.commit();
            } catch (SQLException e) {
                parent.send("write refused " + e.getSQLState());
            }
        }
    }
}
