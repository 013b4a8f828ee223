package io.latchkey.spring.page;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;

/** Chromium without a window, from the system's packages. Nothing is downloaded behind anybody's back. */
final class Browser implements AutoCloseable {
    private static final String GET_IT = "apt-get install chromium chromium-driver";

    final ChromeDriver driver;
    private final Path profile;

    private Browser(Path browser, Path driver) {
        try {
            this.profile = Files.createTempDirectory("latchkey-browser-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        ChromeOptions options = new ChromeOptions();
        options.setBinary(browser.toFile());
        options.addArguments(
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-proxy-server",
                "--user-data-dir=" + profile);
        options.setCapability("goog:loggingPrefs", java.util.Map.of(LogType.BROWSER, "ALL"));
        this.driver = new ChromeDriver(
                new ChromeDriverService.Builder()
                        .usingDriverExecutable(driver.toFile())
                        .usingAnyFreePort()
                        .build(),
                options);
    }

    /** Starts one; installs it where that is possible, else skips the test. */
    static Browser start() {
        if (found("chromium").isEmpty() || found("chromedriver").isEmpty()) {
            install();
        }
        Optional<Path> browser = found("chromium").or(() -> found("google-chrome"));
        Optional<Path> driver = found("chromedriver");
        assumeTrue(
                browser.isPresent() && driver.isPresent(), "needs: Chromium and chromedriver - get it with: " + GET_IT);
        return new Browser(browser.orElseThrow(), driver.orElseThrow());
    }

    private static Optional<Path> found(String program) {
        return Stream.of(System.getenv("PATH").split(":"))
                .map(directory -> Path.of(directory, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static void install() {
        if (!System.getProperty("user.name").equals("root") || found("apt-get").isEmpty()) {
            return;
        }
        String script =
                "export DEBIAN_FRONTEND=noninteractive; install() { apt-get install -y -q chromium chromium-driver; };"
                        + " install || { apt-get update -q && install; }"; // slim images come without lists of packages
        try {
            Process process = new ProcessBuilder(List.of("sh", "-c", script))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!process.waitFor(10, TimeUnit.MINUTES)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    void open(String url, int width, int height, boolean dark) {
        driver.executeCdpCommand(
                "Emulation.setEmulatedMedia",
                java.util.Map.of(
                        "features",
                        List.of(
                                java.util.Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"),
                                java.util.Map.of("name", "prefers-reduced-motion", "value", "reduce"))));
        driver.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                java.util.Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
        driver.manage().window().setSize(new Dimension(width, height));
        driver.manage().timeouts().pageLoadTimeout(Duration.ofSeconds(30));
        driver.get(url);
    }

    WebElement element(String css) {
        return driver.findElement(By.cssSelector(css));
    }

    List<WebElement> elements(String css) {
        return driver.findElements(By.cssSelector(css));
    }

    String text(String css) {
        return element(css).getText();
    }

    /** What the browser complained of: refused scripts, failed requests, exceptions. */
    List<String> complaints() {
        return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
                .map(entry -> entry.getMessage())
                .toList();
    }

    void screenshot(Path file) throws IOException {
        driver.executeScript("window.scrollTo(0, 0)"); // a click may have moved it
        Files.createDirectories(file.getParent());
        Files.write(file, driver.getScreenshotAs(OutputType.BYTES));
    }

    @Override
    public void close() {
        driver.quit();
        try (Stream<Path> files = Files.walk(profile)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException | UncheckedIOException stillInUse) {
            // A temporary directory; the system removes it.
        }
    }
}
