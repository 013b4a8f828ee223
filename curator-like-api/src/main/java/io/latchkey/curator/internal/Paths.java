package io.latchkey.curator.internal;

import org.jspecify.annotations.Nullable;

/** Absolute paths, as ZooKeeper understands them: what it refuses is refused here with the same words. */
public final class Paths {
    private Paths() {}

    /**
     * The path, if it is one.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static String checked(@Nullable String path) {
        if (path == null) {
            throw new IllegalArgumentException("Path cannot be null");
        } else if (path.isEmpty()) {
            throw new IllegalArgumentException("Path length must be > 0");
        } else if (path.charAt(0) != '/') {
            throw new IllegalArgumentException("Path must start with / character");
        } else if (path.length() == 1) {
            return path;
        } else if (path.endsWith("/")) {
            throw new IllegalArgumentException("Path must not end with / character");
        }
        int nul = path.indexOf('\0');
        if (nul >= 0) {
            throw invalid(path, "null character not allowed @" + nul);
        }
        int at = 1;
        for (String node : path.substring(1).split("/", -1)) {
            if (node.isEmpty()) {
                throw invalid(path, "empty node name specified @" + at);
            } else if (node.equals(".") || node.equals("..")) {
                throw invalid(path, "relative paths not allowed @" + (at + node.length() - 1));
            }
            at += node.length() + 1;
        }
        return path;
    }

    /**
     * Checks a namespace.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static void checkNamespace(@Nullable String namespace) {
        if (namespace != null) {
            try {
                checked("/" + namespace);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("Invalid namespace: " + namespace + ", " + e.getMessage(), e);
            }
        }
    }

    private static IllegalArgumentException invalid(String path, String reason) {
        return new IllegalArgumentException("Invalid path string \"" + path + "\" caused by " + reason);
    }
}
