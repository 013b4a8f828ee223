package io.latchkey.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.Serializable;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.DayOfWeek;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Which lock a key stands for: stable, and never the lock of another key. */
class LockNamesTest {
    private final LockNames names = LockNames.plain();

    private record OrderId(String shop, long number) implements Serializable {}

    private record NotSerializable(String shop) {}

    @Test
    void string_isTheName() {
        assertThat(names.nameOf("orders/42")).isEqualTo("orders/42");
        assertThat(LockNames.in("shop").nameOf("orders/42")).isEqualTo("shop/orders/42");
    }

    @Test
    void values_areReadable_withTheirTypes() {
        UUID uuid = UUID.fromString("6f1c1c56-0d1f-4d2e-9d57-1d0c7f6a7f11");
        assertThat(names.nameOf(42L)).isEqualTo("#java.lang.Long:42");
        assertThat(names.nameOf(uuid)).isEqualTo("#java.util.UUID:" + uuid);
        assertThat(names.nameOf(DayOfWeek.MONDAY)).isEqualTo("#java.time.DayOfWeek:MONDAY");
        assertThat(names.nameOf(Instant.EPOCH)).isEqualTo("#java.time.Instant:1970-01-01T00:00:00Z");
    }

    /** Written down: a name must never change, or two versions of an application would not exclude each other. */
    @Test
    @SuppressWarnings("JavaUtilDate")
    void objects_haveTheHashOfTheirSerializedForm() {
        assertThat(names.nameOf(new Date(0)))
                .isEqualTo("#java.util.Date:14209eef5efb7310172dfd6b087565177b996fce70881147805da0277c6033cb");
    }

    @Test
    void differentKeys_haveDifferentNames() {
        List<Object> keys = new ArrayList<>(List.of(
                "42",
                42,
                42L,
                (short) 42,
                42.0,
                new BigDecimal("42"),
                new BigDecimal("42.0"),
                '4',
                "#java.lang.Long:42",
                "##java.lang.Long:42",
                "",
                "#",
                "a\0b",
                "ab",
                "lone \uD800",
                "lone \uD801",
                "lone \uFFFD",
                "lone ?",
                "x".repeat(512),
                "x".repeat(513),
                "x".repeat(514),
                "é".repeat(257),
                new OrderId("a", 1),
                new OrderId("a", 2),
                List.of("a", "b"),
                List.of("a, b")));
        List<String> long513 = List.of(names.nameOf("x".repeat(513)), names.nameOf("a\0b"), names.nameOf(""));
        keys.addAll(long513); // the name of one key, used as another
        assertThat(keys.stream().map(names::nameOf)).doesNotHaveDuplicates().hasSize(keys.size());
    }

    @Test
    void equalKeys_haveEqualNames() {
        assertThat(names.nameOf(new OrderId("a", 1))).isEqualTo(names.nameOf(new OrderId("a", 1)));
        assertThat(names.nameOf("x".repeat(600))).isEqualTo(names.nameOf("x".repeat(600)));
    }

    @Test
    void everyName_isOneThatTheDatabaseTakes() {
        LockNames longest = LockNames.in("n".repeat(200));
        for (String key : List.of("", "a\0b", "x".repeat(512), "é".repeat(400), "\uD800".repeat(3), "😀".repeat(300))) {
            String name = longest.nameOf(key);
            assertThat(name.getBytes(StandardCharsets.UTF_8).length).isBetween(1, 512);
            assertThat(StandardCharsets.UTF_8.newEncoder().canEncode(name)).isTrue();
            assertThat(name).doesNotContain("\0");
        }
    }

    @Test
    void keyThatOtherProcessesCannotFind_isRefused() {
        assertThatThrownBy(() -> names.nameOf(new Object()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("same in every process");
        assertThatThrownBy(() -> names.nameOf(new NotSerializable("a"))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> names.nameOf(new ArrayList<>(List.of(new NotSerializable("a")))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("does not serialize");
    }

    @Test
    void namespace_cannotReachAnother() {
        assertThatThrownBy(() -> LockNames.in("a/b")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> LockNames.in("x".repeat(201))).isInstanceOf(IllegalArgumentException.class);
    }
}
