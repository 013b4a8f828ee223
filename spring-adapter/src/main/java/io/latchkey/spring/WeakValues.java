package io.latchkey.spring;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** One value per key for as long as somebody else refers to it. Thread-safe. */
final class WeakValues<V> {
    private final ConcurrentHashMap<String, Weak<V>> values = new ConcurrentHashMap<>();
    private final ReferenceQueue<V> collected = new ReferenceQueue<>();

    private static final class Weak<V> extends WeakReference<V> {
        private final String key;

        Weak(String key, V value, ReferenceQueue<V> queue) {
            super(value, queue);
            this.key = key;
        }
    }

    V get(String key, Function<String, V> maker) {
        forgetCollected();
        V made = null;
        while (true) {
            Weak<V> known = values.get(key);
            V value = known == null ? null : known.get();
            if (value != null) {
                return value;
            }
            if (made == null) {
                made = maker.apply(key);
            }
            Weak<V> mine = new Weak<>(key, made, collected);
            if (known == null ? values.putIfAbsent(key, mine) == null : values.replace(key, known, mine)) {
                return made;
            }
        }
    }

    int size() {
        forgetCollected();
        return values.size();
    }

    private void forgetCollected() {
        for (Reference<? extends V> gone = collected.poll(); gone != null; gone = collected.poll()) {
            values.remove(((Weak<?>) gone).key, gone);
        }
    }
}
