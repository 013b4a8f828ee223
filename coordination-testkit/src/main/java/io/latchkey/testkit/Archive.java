package io.latchkey.testkit;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/** Unpacks a {@code .txz} once per machine and user, into a directory that other users may read. */
final class Archive {
    /** Opens the archive. */
    interface Source {
        InputStream open() throws IOException;
    }

    private Archive() {}

    static Path unpack(String name, Source source) throws IOException {
        Path cache = cache();
        Path target = cache.resolve(name);
        if (!Files.isDirectory(target)) {
            Path fresh = readable(Files.createTempDirectory(cache, name + "-"));
            try (InputStream archive = source.open()) {
                extract(archive, fresh);
            }
            publish(fresh, target);
        }
        return target;
    }

    /** The temporary directory is everybody's: the cache must be ours, or others could plant programs. */
    private static Path cache() throws IOException {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        Path cache = temporary.resolve("latchkey-postgres-" + System.getProperty("user.name"));
        try {
            readable(Files.createDirectory(cache));
        } catch (FileAlreadyExistsException e) {
            Path probe = Files.createTempFile(temporary, "latchkey", null);
            boolean ours = Files.isDirectory(cache, LinkOption.NOFOLLOW_LINKS)
                    && Files.getOwner(cache).equals(Files.getOwner(probe));
            Files.delete(probe);
            if (!ours) {
                throw new IOException(cache + " belongs to somebody else", e);
            }
        }
        return cache;
    }

    private static void extract(InputStream archive, Path target) throws IOException {
        try (TarArchiveInputStream tar =
                new TarArchiveInputStream(new XZInputStream(new BufferedInputStream(archive, 1 << 16)))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                Path path = target.resolve(entry.getName()).normalize();
                if (!path.startsWith(target)) {
                    throw new IOException("The archive leaves its directory: " + entry.getName());
                }
                if (entry.isDirectory()) {
                    readable(Files.createDirectories(path));
                } else if (entry.isSymbolicLink()) {
                    Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
                } else {
                    Files.createDirectories(path.getParent());
                    Files.copy(tar, path);
                    readable(path, (entry.getMode() & 0100) != 0);
                }
            }
        }
    }

    /** Two processes may unpack at once: the first one wins, the other throws its copy away. */
    private static void publish(Path fresh, Path target) throws IOException {
        try {
            Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            DataDirectory.delete(fresh);
            if (!Files.isDirectory(target)) {
                throw e;
            }
        }
    }

    private static Path readable(Path directory) throws IOException {
        return readable(directory, true);
    }

    private static Path readable(Path path, boolean executable) throws IOException {
        return Files.setPosixFilePermissions(
                path, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
    }
}
