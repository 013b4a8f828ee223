package io.latchkey.spring.observe;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which group of locks a meter counts for: the value of its tag {@code lock}. There must be few of them, because each is a time
 * series of its own for ever. A bean of this type decides in the place of {@code latchkey.metrics.lock-tag}. Thread-safe.
 */
@FunctionalInterface
public interface LockTag {
    /**
     * The group of a lock.
     *
     * @param lock its name, as the database has it
     */
    String of(String lock);

    /** What stands before the first {@code /} or {@code :} of the name, behind the namespace: {@code orders} for {@code orders/42}. */
    static LockTag group(String namespace) {
        int skipped = namespace.isEmpty() ? 0 : namespace.length() + 1;
        return lock -> {
            for (int i = Math.min(skipped, lock.length()); i < lock.length(); i++) {
                if (lock.charAt(i) == '/' || lock.charAt(i) == ':') {
                    return lock.substring(skipped, i);
                }
            }
            return lock.length() > skipped ? lock.substring(skipped) : lock;
        };
    }

    /** The same, but {@code other} for all that come after so many different ones. */
    default LockTag limitedTo(int values) {
        Set<String> known = ConcurrentHashMap.newKeySet();
        return lock -> {
            String value = of(lock);
            if (known.contains(value)) {
                return value;
            } else if (known.size() >= values) { // by a few more, if several threads come at once
                return "other";
            }
            known.add(value);
            return value;
        };
    }
}
