package io.latchkey.benchmarks.servers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** redis-server, with the settings of a server without a configuration file. */
final class RedisBackend implements Server {
    private final GuardedProcess process;
    private final ProcessorTime time;
    private final int port;

    private RedisBackend(GuardedProcess process, int port) {
        this.process = process;
        this.port = port;
        this.time = new ProcessorTime(process.pid());
    }

    static RedisBackend start(Path program) throws IOException {
        int port = GuardedProcess.freePort();
        Path directory = GuardedProcess.newDirectory("redis");
        GuardedProcess process = GuardedProcess.start(
                directory,
                List.of(
                        program.toString(),
                        "--port",
                        Integer.toString(port),
                        "--bind",
                        "127.0.0.1",
                        "--dir",
                        directory.toString()));
        process.awaitPort(port);
        return new RedisBackend(process, port);
    }

    @Override
    public String version() {
        return "Redis " + info("redis_version");
    }

    @Override
    public String address(String space) {
        return "redis://127.0.0.1:" + port;
    }

    @Override
    public Counters counters(String space) {
        return new Counters(Double.parseDouble(info("total_commands_processed")), Double.NaN, Double.NaN, time.nanos());
    }

    private String info(String field) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
                BufferedReader in =
                        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))) {
            socket.getOutputStream().write("INFO\r\nQUIT\r\n".getBytes(StandardCharsets.US_ASCII));
            return in.lines()
                    .filter(line -> line.startsWith(field + ":"))
                    .map(line -> line.substring(field.length() + 1))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("Redis does not tell " + field));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.close();
    }
}
