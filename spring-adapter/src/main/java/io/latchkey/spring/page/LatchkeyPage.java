package io.latchkey.spring.page;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/**
 * The page and its stream: an ordinary controller, so whatever guards the application's paths guards these. The page is one file that
 * loads nothing; its policy lets the browser run the one script that is in it, by its hash, and no other.
 */
@Controller
@RequestMapping("${latchkey.page.path:/latchkey}")
public final class LatchkeyPage {
    private final LiveFeed feed;
    private final String html;
    private final String policy;

    /**
     * The page.
     *
     * @param feed what its stream sends
     * @param html the file, with one style and one script
     */
    public LatchkeyPage(LiveFeed feed, String html) {
        this.feed = feed;
        this.html = html;
        this.policy =
                "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
                        + "style-src " + hashOf("style", html) + "; script-src " + hashOf("script", html);
    }

    /** The file as it is shipped. */
    public static String html() {
        try (InputStream file = LatchkeyPage.class.getResourceAsStream("latchkey.html")) {
            if (file == null) {
                throw new IllegalStateException("latchkey.html is not in the jar");
            }
            return new String(file.readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String hashOf(String element, String html) {
        Matcher inline = Pattern.compile("<" + element + ">(.*?)</" + element + ">", Pattern.DOTALL)
                .matcher(html);
        if (!inline.find()) {
            throw new IllegalArgumentException("the page has no <" + element + ">");
        }
        try {
            byte[] hash =
                    MessageDigest.getInstance("SHA-256").digest(inline.group(1).getBytes(UTF_8));
            return "'sha256-" + Base64.getEncoder().encodeToString(hash) + "'";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    @GetMapping(produces = MediaType.TEXT_HTML_VALUE)
    ResponseEntity<String> page() {
        return ResponseEntity.ok()
                .contentType(new MediaType(MediaType.TEXT_HTML, UTF_8))
                .cacheControl(CacheControl.noStore())
                .header("Content-Security-Policy", policy)
                .header("X-Content-Type-Options", "nosniff")
                .header("Referrer-Policy", "no-referrer")
                .body(html);
    }

    @GetMapping(path = "/stream", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    ResponseEntity<SseEmitter> stream() {
        return feed.join()
                .map(viewer -> ResponseEntity.ok()
                        .cacheControl(CacheControl.noStore())
                        .header("X-Accel-Buffering", "no") // nginx would keep it until it is long enough
                        .body(viewer.emitter))
                .orElseGet(() -> ResponseEntity.status(HttpStatus.SERVICE_UNAVAILABLE)
                        .header(HttpHeaders.RETRY_AFTER, "10")
                        .build());
    }
}
