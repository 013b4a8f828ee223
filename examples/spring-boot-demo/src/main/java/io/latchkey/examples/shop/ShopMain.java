package io.latchkey.examples.shop;

import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.PostgresServer;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** Starts two instances of the order service on one database, says what they do, and runs until Ctrl-C. */
public final class ShopMain {
    private static final Duration PAUSE = Duration.ofSeconds(4);

    private final PrintStream out =
            new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    private final long startedAt = System.nanoTime();
    private final String url;
    private final boolean anyPort;
    private volatile boolean ending;

    private ShopMain(String url, boolean anyPort) {
        this.url = url;
        this.anyPort = anyPort;
    }

    /**
     * Runs the demo.
     *
     * @param args {@code --url URL} for a database of the reader's own, {@code --any-port} for free ports
     */
    public static void main(String[] args) throws Exception {
        List<String> arguments = List.of(args);
        if (arguments.contains("--help") || arguments.contains("-h")) {
            System.out.println("./spring-demo [--url jdbc:postgresql://...] [--any-port]   Ctrl-C ends it");
            return;
        }
        int place = arguments.indexOf("--url");
        String own = place < 0 || place + 1 == arguments.size() ? null : arguments.get(place + 1);
        try (CrashableServer server = own == null ? PostgresServer.start() : null) {
            new ShopMain(own == null ? urlOf(server) : own, arguments.contains("--any-port")).run(own == null);
        }
    }

    private static String urlOf(@Nullable CrashableServer server) {
        if (server == null) {
            throw new IllegalStateException("no server was started");
        }
        return server.address().url();
    }

    private void run(boolean embedded) throws SQLException, InterruptedException {
        out.println("Latchkey  two Spring Boot instances, one PostgreSQL" + (embedded ? ", embedded" : ""));
        out.println();
        prepare();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> ending = true, "shop-exit"));
        Instance one = new Instance("shop-1", url, anyPort ? 0 : 8081);
        Instance two = new Instance("shop-2", url, anyPort ? 0 : 8082);
        introduce(one);
        introduce(two);
        out.println();
        out.println("  Open one of them, and kill -9 the process that leads. Ctrl-C ends it all.");
        out.println();
        follow(one, 8081);
        follow(two, 8082);
        new CountDownLatch(1).await(); // until Ctrl-C
    }

    private void prepare() throws SQLException {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE SCHEMA IF NOT EXISTS shop");
            statement.execute(
                    "CREATE TABLE IF NOT EXISTS shop.shipment (number integer, shipped_by text, fencing_token bigint,"
                            + " shipped_at timestamptz DEFAULT clock_timestamp(), invoiced_in bigint)");
        }
    }

    private void introduce(Instance instance) {
        int port = instance.awaitReady();
        out.println("  " + instance.name + "  pid " + instance.pid() + "   http://localhost:" + port
                + "/latchkey   and /actuator/latchkey");
    }

    private void follow(Instance instance, int port) {
        instance.report((kind, text) -> said(instance, kind, text), () -> replace(instance, port));
    }

    private void said(Instance instance, String kind, String text) {
        if (kind.equals("LEADS")) {
            event(instance.name, "leads 'invoices', term " + text);
        } else {
            String[] words = text.split(" ", 2);
            event(instance.name, "shipped order " + words[0] + " in " + words[1] + " ms");
        }
    }

    /** As whatever runs the instances in production would. */
    private void replace(Instance gone, int port) {
        if (ending) {
            return;
        }
        event(gone.name, "has ended (pid " + gone.pid() + "); another takes its place in " + PAUSE.toSeconds() + " s");
        gone.close();
        try {
            Thread.sleep(PAUSE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        Instance next = new Instance(gone.name, url, anyPort ? 0 : port);
        introduce(next);
        follow(next, port);
    }

    private void event(String who, String what) {
        out.println(String.format(Locale.ROOT, "%7.2f s  ", (System.nanoTime() - startedAt) / 1e9) + who + "  " + what);
    }
}
