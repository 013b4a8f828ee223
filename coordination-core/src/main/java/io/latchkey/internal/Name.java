package io.latchkey.internal;

/** The rules for names of locks. Two different strings are two locks, so what pgjdbc would change is refused. */
public final class Name {
    private static final int MAX_BYTES = 512;

    private Name() {}

    /** Returns the name, or says which rule it breaks. Allocates nothing. */
    public static String checked(String name) {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("the name of a lock is empty");
        }
        int bytes = 0;
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c == 0) {
                throw new IllegalArgumentException("the name of a lock has NUL at index " + i);
            } else if (Character.isHighSurrogate(c)
                    && i + 1 < name.length()
                    && Character.isLowSurrogate(name.charAt(i + 1))) {
                bytes += 4;
                i++;
            } else if (Character.isSurrogate(c)) {
                throw new IllegalArgumentException("the name of a lock has a lone surrogate at index " + i);
            } else {
                bytes += c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
            }
            if (bytes > MAX_BYTES) {
                throw new IllegalArgumentException("the name of a lock is longer than 512 bytes of UTF-8");
            }
        }
        return name;
    }
}
