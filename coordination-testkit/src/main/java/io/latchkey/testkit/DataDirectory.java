package io.latchkey.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The files of one server: a temporary directory with the cluster in {@code data}, and the server's log next to it. */
record DataDirectory(Path root) {
    static final String SUPERUSER = "postgres";

    /** Contents that a copy of a running server must not have. */
    private static final Set<String> NOT_COPIED =
            Set.of("postmaster.pid", "postmaster.opts", "pg_replslot", "pg_stat_tmp", "pg_notify", "pg_dynshmem");

    private static final Map<String, String> SETTINGS = Map.ofEntries(
            Map.entry("listen_addresses", "127.0.0.1"),
            Map.entry("unix_socket_directories", ""),
            Map.entry("max_connections", "200"),
            Map.entry("shared_buffers", "32MB"),
            Map.entry("wal_keep_size", "64MB"),
            Map.entry("wal_retrieve_retry_interval", "100ms"),
            Map.entry("log_line_prefix", "%m [%p] %q%d "));

    /** Runs initdb. The superuser must give the password, also on the loopback address: other users are there too. */
    static DataDirectory create(Installation installation, String password, ServerOptions options) throws IOException {
        SmallDisk disk = options.dataDisk();
        DataDirectory directory = new DataDirectory(
                disk == null
                        ? installation.newDirectory("latchkey-server-")
                        : Files.createTempDirectory(disk.root(), "latchkey-server-"));
        try {
            Path passwordFile = Files.writeString(directory.root.resolve("password"), password);
            OsUser.own(directory.root);
            directory.initdb(installation, passwordFile, options.logDisk());
            Files.delete(passwordFile);
            Map<String, String> all = new LinkedHashMap<>(SETTINGS);
            NetworkNamespace network = options.network();
            if (network != null) {
                all.put("listen_addresses", "127.0.0.1, " + network.serverAddress());
                directory.admit(network.cidr());
            }
            all.putAll(options.settings());
            directory.configure(all);
            return directory;
        } catch (IOException | RuntimeException e) {
            directory.delete();
            throw e;
        }
    }

    Path data() {
        return root.resolve("data");
    }

    Path log() {
        return root.resolve("server.log");
    }

    String logText() {
        try {
            return Files.exists(log()) ? Files.readString(log()) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Appends to postgresql.conf: the last line for a setting wins. */
    void configure(Map<String, String> settings) throws IOException {
        String lines = settings.entrySet().stream()
                .map(entry -> entry.getKey() + " = '" + entry.getValue().replace("'", "''") + "'\n")
                .collect(Collectors.joining());
        Files.writeString(data().resolve("postgresql.conf"), lines, StandardOpenOption.APPEND);
    }

    /** Appends to pg_hba.conf: whoever connects from this network and knows the password. */
    private void admit(String cidr) throws IOException {
        String lines = "host all all " + cidr + " password\nhost replication all " + cidr + " password\n";
        Files.writeString(data().resolve("pg_hba.conf"), lines, StandardOpenOption.APPEND);
    }

    /** Copies a cluster file by file; between backup start and stop it may change meanwhile. */
    DataDirectory copy() throws IOException {
        DataDirectory copy = new DataDirectory(Files.createTempDirectory(root.getParent(), "latchkey-server-"));
        try {
            Path source = data();
            Files.walkFileTree(source, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                        throws IOException {
                    Path target = Files.createDirectory(copy.data().resolve(source.relativize(directory)));
                    Files.setPosixFilePermissions(target, Files.getPosixFilePermissions(directory));
                    return isCopied(directory) ? FileVisitResult.CONTINUE : FileVisitResult.SKIP_SUBTREE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    if (isCopied(file)) {
                        try {
                            Files.copy(file, copy.data().resolve(source.relativize(file)));
                        } catch (NoSuchFileException gone) {
                            // Dropped while we were looking; the log that the copy replays knows.
                        }
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
                    if (failure instanceof NoSuchFileException) {
                        return FileVisitResult.CONTINUE;
                    }
                    throw failure;
                }
            });
            return copy;
        } catch (IOException | RuntimeException e) {
            copy.delete();
            throw e;
        }
    }

    /** Gives a copy an empty write-ahead log on this disk: what is missing is streamed. */
    void logOn(SmallDisk disk) throws IOException {
        Path log = Files.createTempDirectory(disk.root(), "pg_wal-");
        OsUser.own(log);
        delete(wal());
        Files.createSymbolicLink(wal(), log);
        OsUser.own(root);
    }

    private Path wal() {
        return data().resolve("pg_wal");
    }

    void own() throws IOException {
        OsUser.own(root);
    }

    void delete() {
        try {
            if (Files.isSymbolicLink(wal())) {
                delete(wal().toRealPath());
            }
        } catch (IOException e) {
            // Its disk is gone already.
        }
        delete(root);
    }

    /** Deletes a directory, as far as that is possible. */
    static void delete(Path directory) {
        try {
            Files.walkFileTree(directory, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException failure) {
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException e) throws IOException {
                    Files.deleteIfExists(visited);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            System.getLogger(DataDirectory.class.getName())
                    .log(System.Logger.Level.WARNING, "Left behind: " + directory, e);
        }
    }

    private void initdb(Installation installation, Path passwordFile, @Nullable SmallDisk logDisk) throws IOException {
        List<String> command = new ArrayList<>(installation.command(
                "initdb",
                "--pgdata=" + data(),
                "--username=" + SUPERUSER,
                "--pwfile=" + passwordFile,
                // Sends the password as it is, over the loopback interface: proxies of the testkit can pass it on.
                "--auth=password",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync"));
        if (logDisk != null) {
            command.add("--waldir=" + logDisk.root().resolve("pg_wal"));
        }
        Process process = new ProcessBuilder(command)
                .directory(root.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IllegalStateException("initdb failed:\n" + output);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted", e);
        }
    }

    private static boolean isCopied(Path path) {
        return !NOT_COPIED.contains(path.getFileName().toString());
    }
}
