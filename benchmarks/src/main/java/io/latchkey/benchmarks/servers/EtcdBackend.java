package io.latchkey.benchmarks.servers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** etcd with one member, and its defaults. */
final class EtcdBackend implements Server {
    private static final Pattern VERSION = Pattern.compile("\"etcdserver\":\"([^\"]+)\"");

    private final GuardedProcess process;
    private final ProcessorTime time;
    private final String endpoint;
    private final HttpClient http = HttpClient.newHttpClient();

    private EtcdBackend(GuardedProcess process, String endpoint) {
        this.process = process;
        this.endpoint = endpoint;
        this.time = new ProcessorTime(process.pid());
    }

    static EtcdBackend start(Path program) throws IOException {
        int port = GuardedProcess.freePort();
        String endpoint = "http://127.0.0.1:" + port;
        String peers = "http://127.0.0.1:" + GuardedProcess.freePort();
        Path directory = GuardedProcess.newDirectory("etcd");
        GuardedProcess process = GuardedProcess.start(
                directory,
                List.of(
                        program.toString(),
                        "--data-dir=" + directory.resolve("data"),
                        "--listen-client-urls=" + endpoint,
                        "--advertise-client-urls=" + endpoint,
                        "--listen-peer-urls=" + peers,
                        "--initial-advertise-peer-urls=" + peers,
                        "--initial-cluster=default=" + peers));
        process.awaitPort(port);
        return new EtcdBackend(process, endpoint);
    }

    @Override
    public String version() {
        Matcher version = VERSION.matcher(get("/version"));
        return "etcd " + (version.find() ? version.group(1) : "of an unknown version");
    }

    @Override
    public String address(String space) {
        return endpoint;
    }

    @Override
    public Counters counters(String space) {
        double requests = get("/metrics")
                .lines()
                .filter(line -> line.startsWith("grpc_server_msg_received_total{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
        return new Counters(requests, Double.NaN, Double.NaN, time.nanos());
    }

    private String get(String path) {
        try {
            return http.send(
                            HttpRequest.newBuilder(URI.create(endpoint + path)).build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    @Override
    public void close() {
        process.close();
    }
}
