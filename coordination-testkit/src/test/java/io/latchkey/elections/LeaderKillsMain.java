package io.latchkey.elections;

import io.latchkey.elections.LeaderKills.Kind;
import io.latchkey.faults.Scene;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.ServerOptions;
import io.latchkey.testkit.TestDatabase;
import java.util.List;
import java.util.Random;

/** The figures of {@link LeaderKillsTest}, for a machine that does nothing else. Arguments: how many of each kind, how many closes. */
public final class LeaderKillsMain {
    private static final int TIMEOUT_MS = 1_000;

    private LeaderKillsMain() {}

    /** Ends with 1 if something is wrong, or slower than it should be. */
    public static void main(String[] args) throws Exception {
        int each = args.length > 0 ? Integer.parseInt(args[0]) : 20;
        int closes = args.length > 1 ? Integer.parseInt(args[1]) : 200;
        boolean good;
        try (CrashableServer server = PostgresServer.start(ServerOptions.defaults());
                TestDatabase database = Scene.installed(server, TIMEOUT_MS);
                LeaderKills kills = new LeaderKills(database, TIMEOUT_MS, 5, 10, "deadline")) {
            for (Kind kind : LeaderKills.mixture(new Random(), closes, each, each, each)) {
                kills.strike(kind);
            }
            List<String> wrong = kills.terms().wrong();
            System.out.print(kills.figures());
            wrong.forEach(System.out::println);
            good = wrong.isEmpty();
            for (Kind kind : Kind.values()) {
                double limit = kind == Kind.CLOSE ? 50 : TIMEOUT_MS + 100;
                if (kills.percentile(kind, 99) > limit) {
                    System.out.println(kind + " is slower than " + limit + " ms");
                    good = false;
                }
            }
        }
        System.exit(good ? 0 : 1);
    }
}
