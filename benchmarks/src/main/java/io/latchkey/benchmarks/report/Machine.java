package io.latchkey.benchmarks.report;

import io.latchkey.benchmarks.peers.PeerKind;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What figures were taken on. */
public final class Machine {
    private static final String PROCESSORS = "processors";
    private static final String LOAD = "load before the run";
    private static final int FLUSHES = 50;
    /** From here on other work on the machine shows in the figures. */
    private static final double BUSY = 0.5;

    private Machine() {}

    /** Facts and their names, in an order to be read in. */
    public static Map<String, String> facts() throws IOException {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("date", Instant.now().truncatedTo(ChronoUnit.MINUTES).toString());
        facts.put(PROCESSORS, Runtime.getRuntime().availableProcessors() + " x " + processor());
        memory().ifPresent(gigabytes -> facts.put("memory", gigabytes + " GB"));
        facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        facts.put("Java", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
        facts.put("a write and its flush, us", Figures.text(flushMicros()));
        facts.put(LOAD, String.format(Locale.ROOT, "%.1f", load()));
        String libraries = Arrays.stream(PeerKind.values())
                .flatMap(kind -> library(kind).stream())
                .distinct()
                .collect(Collectors.joining(", "));
        facts.put("libraries", libraries + ", " + version("HikariCP") + ", " + version("postgresql"));
        return facts;
    }

    /** A warning, if that machine had other things to do. */
    public static Optional<String> warning(Map<String, String> facts) {
        double load = Double.parseDouble(facts.getOrDefault(LOAD, "0"));
        int processors = Integer.parseInt(facts.getOrDefault(PROCESSORS, "1 x").split(" ", 2)[0]);
        return load / processors <= BUSY
                ? Optional.empty()
                : Optional.of("The machine was busy before the run (load " + facts.get(LOAD)
                        + "): these figures say little, and the ratios not much more.");
    }

    private static double load() {
        return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    }

    private static Optional<String> library(PeerKind kind) {
        return Optional.ofNullable(
                switch (kind) {
                    case SPRING, SPRING_1MS -> version("spring-integration-jdbc");
                    case SHEDLOCK -> version("shedlock-provider-jdbc-template");
                    case CURATOR -> version("curator-recipes");
                    case REDISSON -> version("redisson");
                    case ETCD -> version("jetcd-core");
                    case LATCHKEY, ADVISORY, UPDATES, UPDATES_FLUSHED -> null;
                });
    }

    /** As the name of its jar tells. */
    private static String version(String artifact) {
        Matcher jar = Pattern.compile("/" + Pattern.quote(artifact) + "-(\\d[^/]*)\\.jar")
                .matcher(System.getProperty("java.class.path").replace(File.separatorChar, '/'));
        return artifact + (jar.find() ? " " + jar.group(1) : "");
    }

    private static String processor() throws IOException {
        Path file = Path.of("/proc/cpuinfo");
        String model = Files.exists(file)
                ? Files.readAllLines(file).stream()
                        .filter(line -> line.startsWith("model name"))
                        .map(line -> line.substring(line.indexOf(':') + 1).strip())
                        .findFirst()
                        .orElse("")
                : "";
        return model.isEmpty() ? System.getProperty("os.arch") : model;
    }

    private static Optional<Long> memory() throws IOException {
        Path file = Path.of("/proc/meminfo");
        return Files.exists(file)
                ? Files.readAllLines(file).stream()
                        .filter(line -> line.startsWith("MemTotal:"))
                        .map(line -> Math.round(Long.parseLong(line.replaceAll("\\D", "")) / 1048576.0))
                        .findFirst()
                : Optional.empty();
    }

    /** What a flushed commit waits for at least, where the servers keep their files. */
    private static double flushMicros() throws IOException {
        Path file = Files.createTempFile("latchkey-bench-", ".flush");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            double[] micros = new double[FLUSHES];
            for (int i = 0; i < FLUSHES; i++) {
                long start = System.nanoTime();
                channel.write(ByteBuffer.allocate(8192), 0);
                channel.force(false);
                micros[i] = (System.nanoTime() - start) / 1e3;
            }
            return Spread.median(micros);
        } finally {
            Files.delete(file);
        }
    }
}
