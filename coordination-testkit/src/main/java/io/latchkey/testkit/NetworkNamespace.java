package io.latchkey.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * A machine of its own for a server, as far as the network goes: a network namespace of the kernel, joined to this one by a cable
 * (a veth pair) with private addresses that nobody else can reach. Packets on the cable are really lost: the kernels on both sides
 * go on as they would between two machines, connections stay half-open, and nobody is told.
 *
 * <pre>{@code
 * try (NetworkNamespace network = NetworkNamespace.create();
 *         CrashableServer server = PostgresServer.start(ServerOptions.defaults().in(network))) {
 *     String one = network.newClient();                       // an address on this side of the cable
 *     Connection connection = network.seenFrom(one, server.address()).connect();
 *     network.blackHole(one);                                 // nothing of this client arrives, and nothing for it
 *     network.heal();
 * }
 * }</pre>
 *
 * <p>Takes root, {@code ip} (iproute2) and {@code nft}, which is unpacked on demand as {@link PgBouncer} is; elsewhere the test is
 * skipped and says how to get it. The namespace, the cable and the rules end together with this JVM, also with one that is killed.
 * Close the server before. Thread-safe.
 */
public final class NetworkNamespace implements AutoCloseable {
    private static final int ATTEMPTS = 20;
    /** For measurements between networks (RFC 2544): no real network has them. */
    private static final String NETWORKS = "198.18.";

    private static final String SERVER = ".1";
    private static final int FIRST_CLIENT = 10;

    /** Holds the namespace open until the pipe from the JVM ends. */
    private static final String HOLD = "trap '' INT TERM HUP; echo ready; read -r line";

    private final Process holder;
    private final String network;
    private final String cable;
    private final DebianPackage nft;
    private int clients;

    private NetworkNamespace(Process holder, String network, String cable, DebianPackage nft) {
        this.holder = holder;
        this.network = network;
        this.cable = cable;
        this.nft = nft;
    }

    /** Makes one, or skips the test where that is impossible. */
    public static NetworkNamespace create() {
        Assumptions.assumeTrue(
                OsUser.isRoot(), "needs: root, for network namespaces - get it with: run the tests as root");
        DebianPackage nft = DebianPackage.required("nftables");
        try {
            Process holder = new ProcessBuilder("unshare", "--net", "sh", "-c", HOLD)
                    .redirectErrorStream(true)
                    .start();
            String first = new BufferedReader(holder.inputReader(StandardCharsets.UTF_8)).readLine();
            Assumptions.assumeTrue(
                    "ready".equals(first),
                    () -> "needs: a kernel that lets root make network namespaces (" + first
                            + ") - get it with: a virtual machine, or a privileged container");
            try {
                return connected(holder, nft);
            } catch (IOException | RuntimeException e) {
                holder.destroyForcibly();
                throw e;
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot make a network namespace", e);
        }
    }

    /** With a subnet that nobody else uses, another test run for example. */
    private static NetworkNamespace connected(Process holder, DebianPackage nft) throws IOException {
        String target = Long.toString(holder.pid());
        String cable = "latchkey" + Long.toString(holder.pid(), 36);
        run(List.of("ip", "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", target), "");
        Random random = new Random();
        for (int attempt = 1; ; attempt++) {
            String network = NETWORKS + random.nextInt(256);
            if (output(List.of("ip", "route", "show", "root", network + ".0/24"))
                    .isEmpty()) {
                NetworkNamespace namespace = new NetworkNamespace(holder, network, cable, nft);
                namespace.setUp();
                return namespace;
            } else if (attempt == ATTEMPTS) {
                throw new IOException("There is no free network in " + NETWORKS + "0.0/16");
            }
        }
    }

    private void setUp() throws IOException {
        run(List.of("ip", "address", "add", network + ".2/24", "dev", cable), "");
        run(List.of("ip", "link", "set", cable, "up"), "");
        run(inside("ip", "link", "set", "lo", "up"), "");
        run(inside("ip", "address", "add", serverAddress() + "/24", "dev", "eth0"), "");
        run(inside("ip", "link", "set", "eth0", "up"), "");
        rules("""
                table inet faults {
                    chain arriving { type filter hook input priority 0; policy accept; }
                    chain leaving { type filter hook output priority 0; policy accept; }
                }
                """);
    }

    /** Where a server in this namespace is reached. */
    public String serverAddress() {
        return network + SERVER;
    }

    /** One more address on this side, for a client whose packets can be lost alone. */
    public synchronized String newClient() {
        String address = network + "." + (FIRST_CLIENT + clients++);
        try {
            run(List.of("ip", "address", "add", address + "/24", "dev", cable), "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return address;
    }

    /** The same database for connections that come from this address, see {@link #newClient()}. */
    public DatabaseAddress seenFrom(String client, DatabaseAddress address) {
        return address.withParameter("localSocketAddress", client);
    }

    /** From now on all packets between this client and the server are lost, in both directions, and nobody is told. */
    public void blackHole(String client) {
        loseWhatItSends(client);
        loseWhatIsSentTo(client);
    }

    /** What this client sends is lost; what the server sends still arrives. */
    public void loseWhatItSends(String client) {
        rules("add rule inet faults arriving ip saddr " + client + " drop\n");
    }

    /** What the server sends to this client is lost; what the client sends still arrives. */
    public void loseWhatIsSentTo(String client) {
        rules("add rule inet faults leaving ip daddr " + client + " drop\n");
    }

    /** So many percent of all packets in both directions are lost at random; TCP sends them again, later and later. */
    public void loseSome(String client, int percent) {
        String some = " numgen random mod 100 < " + percent + " drop\n";
        rules("add rule inet faults arriving ip saddr " + client + some + "add rule inet faults leaving ip daddr "
                + client + some);
    }

    /** The server's side answers every packet of this client with a reset. */
    public void reset(String client) {
        rules("add rule inet faults arriving ip saddr " + client + " meta l4proto tcp reject with tcp reset\n");
    }

    /** No packet is lost any more. What TCP has not given up meanwhile goes on. */
    public void heal() {
        rules("flush chain inet faults arriving\nflush chain inet faults leaving\n");
    }

    /** Unplugs the cable and ends the namespace. */
    @Override
    public void close() {
        try (var pipe = holder.outputWriter(StandardCharsets.US_ASCII)) {
            run(List.of("ip", "link", "delete", cable), "");
            pipe.write("done\n");
        } catch (IOException e) {
            holder.destroyForcibly();
        }
    }

    /** The command, run in this namespace. */
    List<String> inside(String... command) {
        return inside(List.of(command));
    }

    /** The command, run in this namespace. */
    List<String> inside(List<String> command) {
        List<String> all = new ArrayList<>(List.of("nsenter", "--net=/proc/" + holder.pid() + "/ns/net", "--"));
        all.addAll(command);
        return all;
    }

    /** The network of the addresses of both sides, as pg_hba.conf wants it. */
    String cidr() {
        return network + ".0/24";
    }

    private void rules(String script) {
        try {
            run(nft.process(inside(nft.file("sbin/nft").toString(), "-f", "-")), script);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void run(List<String> command, String input) throws IOException {
        run(new ProcessBuilder(command), input);
    }

    private static String output(List<String> command) throws IOException {
        return run(new ProcessBuilder(command), "");
    }

    private static String run(ProcessBuilder builder, String input) throws IOException {
        Process process = builder.redirectErrorStream(true).start();
        try (var pipe = process.outputWriter(StandardCharsets.UTF_8)) {
            pipe.write(input);
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException(builder.command() + " failed: " + output);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted", e);
        }
        return output;
    }
}
