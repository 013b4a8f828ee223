package io.latchkey.benchmarks.servers;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.zookeeper.Version;
import org.apache.zookeeper.server.ZooKeeperServerMain;

/** ZooKeeper, one server in a JVM of its own, flushing its log before it answers. */
final class ZooKeeperBackend implements Server {
    private final GuardedProcess process;
    private final ProcessorTime time;
    private final int port;

    ZooKeeperBackend() throws IOException {
        port = GuardedProcess.freePort();
        Path directory = GuardedProcess.newDirectory("zookeeper");
        Path configuration = Files.writeString(
                directory.resolve("zoo.cfg"), """
                tickTime=2000
                dataDir=%s
                clientPort=%s
                clientPortAddress=127.0.0.1
                maxClientCnxns=0
                admin.enableServer=false
                4lw.commands.whitelist=mntr
                """.formatted(Files.createDirectory(directory.resolve("data")), port));
        process = GuardedProcess.start(
                directory,
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        classPath(),
                        ZooKeeperServerMain.class.getName(),
                        configuration.toString()));
        process.awaitPort(port);
        time = new ProcessorTime(process.pid());
    }

    /** Absolute, because ours may be relative to our directory. */
    private static String classPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    @Override
    public String version() {
        return "ZooKeeper " + Version.getVersion();
    }

    @Override
    public String address(String space) {
        return "127.0.0.1:" + port;
    }

    @Override
    public Counters counters(String space) {
        return new Counters(packetsReceived(), Double.NaN, Double.NaN, time.nanos());
    }

    private double packetsReceived() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write("mntr".getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return answer.lines()
                    .filter(line -> line.startsWith("zk_packets_received\t"))
                    .mapToDouble(line -> Double.parseDouble(line.split("\t", 2)[1]))
                    .findFirst()
                    .orElse(Double.NaN);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.close();
    }
}
