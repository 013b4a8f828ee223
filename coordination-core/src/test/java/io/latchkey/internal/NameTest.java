package io.latchkey.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class NameTest {
    @Test
    void checked_anyOrdinaryString_isItself() {
        for (String name :
                new String[] {"a", " ", "'; DROP TABLE x; --", "orders/42", "\u00e9", "\uD83D\uDD12", "\uFFFF"}) {
            assertThat(Name.checked(name)).isSameAs(name);
        }
    }

    @Test
    void checked_says_whichRuleIsBroken() {
        assertRefused("", "empty");
        assertRefused("a\0", "NUL at index 1");
        assertRefused("\uD800", "lone surrogate at index 0");
        assertRefused("a\uDC00b", "lone surrogate at index 1");
        assertRefused("\uDC00\uD800", "lone surrogate at index 0");
        assertRefused("x".repeat(513), "512 bytes");
        assertRefused("\u00e9".repeat(257), "512 bytes");
    }

    @Test
    void checked_exactly512Bytes_isAllowed() {
        assertThat(Name.checked("x".repeat(512))).hasSize(512);
        assertThat(Name.checked("\uD83D\uDD12".repeat(128))).hasSize(256);
    }

    /** The encoder of the platform is the judge. */
    @Test
    void checked_randomStrings_agreesWithTheEncoder() {
        SplittableRandom random = new SplittableRandom(42);
        char[] alphabet = {'a', '\0', '\u00e9', '\u20ac', '\uD83D', '\uDD12', '\uDFFF', '\uD800'};
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder();
            int length = random.nextInt(1, random.nextInt(10) == 0 ? 300 : 5);
            for (int j = 0; j < length; j++) {
                text.append(alphabet[random.nextInt(alphabet.length)]);
            }
            String name = text.toString();
            CharsetEncoder encoder = StandardCharsets.UTF_8.newEncoder();
            boolean fine = encoder.canEncode(name)
                    && name.indexOf('\0') < 0
                    && name.getBytes(StandardCharsets.UTF_8).length <= 512;
            boolean accepted;
            try {
                Name.checked(name);
                accepted = true;
            } catch (IllegalArgumentException e) {
                accepted = false;
            }
            assertThat(accepted).as(name).isEqualTo(fine);
        }
    }

    private static void assertRefused(String name, String rule) {
        assertThatThrownBy(() -> Name.checked(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(rule);
    }

    /** Again the encoder is the judge. */
    @Test
    void order_isThatOfTheBytes() {
        String[] names = {
            "",
            "a",
            "ab",
            "b",
            "\u00e9",
            "\u07FF",
            "\uD7FF",
            "\uE000",
            "\uFFFF",
            "\uD83D\uDD12",
            "a\uD83D\uDD12",
            "a\uFFFF"
        };
        for (String one : names) {
            for (String other : names) {
                int bytes = Arrays.compareUnsigned(
                        one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
                assertThat(Integer.signum(Name.IN_ORDER_OF_BYTES.compare(one, other)))
                        .as("%s, %s", one, other)
                        .isEqualTo(Integer.signum(bytes));
            }
        }
    }
}
