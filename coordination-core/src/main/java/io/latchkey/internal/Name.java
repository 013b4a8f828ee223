package io.latchkey.internal;

import java.util.Comparator;

/** The rules for names of locks and other text. Two different strings are two names, so what pgjdbc would change is refused. */
public final class Name {
    /** The order of UTF-8 and of COLLATE "C", in which the database takes several locks. */
    static final Comparator<String> IN_ORDER_OF_BYTES = Name::compareBytes;

    private static final int MAX_BYTES = 512;

    private Name() {}

    /** Returns the name of a lock, or says which rule it breaks. Allocates nothing. */
    public static String checked(String name) {
        return checkedName("the name of a lock", name);
    }

    /** The same for something else that has a name. */
    static String checkedName(String what, String name) {
        if (name.isEmpty()) {
            throw new IllegalArgumentException(what + " is empty");
        }
        return checkedText(what, name, MAX_BYTES);
    }

    /** The same for text that may be empty, and has up to so many bytes. */
    static String checkedText(String what, String text, int maxBytes) {
        int bytes = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == 0) {
                throw new IllegalArgumentException(what + " has NUL at index " + i);
            } else if (Character.isHighSurrogate(c)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                bytes += 4;
                i++;
            } else if (Character.isSurrogate(c)) {
                throw new IllegalArgumentException(what + " has a lone surrogate at index " + i);
            } else {
                bytes += c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
            }
            if (bytes > maxBytes) {
                throw new IllegalArgumentException(what + " is longer than " + maxBytes + " bytes of UTF-8");
            }
        }
        return text;
    }

    private static int compareBytes(String one, String other) {
        int length = Math.min(one.length(), other.length());
        for (int i = 0; i < length; i++) {
            char a = one.charAt(i);
            char b = other.charAt(i);
            if (a != b) { // characters of two chars come after all others, although their first char does not
                boolean samePlane = Character.isSurrogate(a) == Character.isSurrogate(b);
                return samePlane ? a - b : Character.isSurrogate(a) ? 1 : -1;
            }
        }
        return one.length() - other.length();
    }
}
