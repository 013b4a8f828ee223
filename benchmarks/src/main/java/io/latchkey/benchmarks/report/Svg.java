package io.latchkey.benchmarks.report;

import java.awt.Dimension;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics;
import java.awt.Graphics2D;
import java.awt.GraphicsEnvironment;
import java.awt.RenderingHints;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.apache.batik.svggen.SVGGraphics2D;
import org.w3c.dom.Document;

/** Writes charts as SVG, with text as text. */
final class Svg {
    private static final String NAMESPACE = "http://www.w3.org/2000/svg";
    /** Java's SansSerif is DejaVu on most systems that have fonts at all; Verdana is as wide. */
    private static final String FONTS = "DejaVu Sans, Verdana, Geneva, sans-serif";

    private static final String GET_FONTS = "a font - get it with: apt-get install fontconfig fonts-dejavu-core";

    private Svg() {}

    /** Why no pictures can be drawn here: Java needs a font to know how wide a text is. Empty if they can. */
    static Optional<String> obstacle() {
        try {
            return GraphicsEnvironment.getLocalGraphicsEnvironment().getAvailableFontFamilyNames().length == 0
                    ? Optional.of(GET_FONTS)
                    : Optional.empty();
        } catch (RuntimeException | Error e) { // which of them depends on what is missing
            return Optional.of(GET_FONTS);
        }
    }

    static void write(Path file, Picture picture) throws IOException {
        SVGGraphics2D graphics = new ExactWidths(document());
        graphics.setSVGCanvasSize(new Dimension(picture.width(), picture.height()));
        picture.chart().draw(graphics, new Rectangle2D.Double(0, 0, picture.width(), picture.height()));
        StringWriter text = new StringWriter();
        graphics.stream(text, false);
        String viewBox = "viewBox=\"0 0 " + picture.width() + " " + picture.height() + "\" ";
        Files.writeString(
                file,
                text.toString()
                        .replaceFirst("<!DOCTYPE[^>]*>\\s*", "")
                        .replaceFirst("<svg ", "<svg " + viewBox)
                        .replace("&apos;SansSerif&apos;", FONTS)
                        .replace("'SansSerif'", FONTS)
                        .replace("font-family=\"sans-serif\"", "font-family=\"" + FONTS + "\""));
    }

    /** Measures texts as a browser will draw them, and not on a grid of pixels: what is aligned stays aligned. */
    private static final class ExactWidths extends SVGGraphics2D {
        private static final Graphics2D MEASURING =
                new BufferedImage(1, 1, BufferedImage.TYPE_INT_ARGB).createGraphics();

        static {
            MEASURING.setRenderingHint(RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
            MEASURING.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        }

        ExactWidths(Document document) {
            super(document);
        }

        private ExactWidths(ExactWidths other) {
            super(other);
        }

        @Override
        public FontMetrics getFontMetrics(Font font) {
            return MEASURING.getFontMetrics(font);
        }

        @Override
        public Graphics create() {
            return new ExactWidths(this);
        }
    }

    private static Document document() {
        try {
            return DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .getDOMImplementation()
                    .createDocument(NAMESPACE, "svg", null);
        } catch (ParserConfigurationException e) {
            throw new IllegalStateException(e);
        }
    }
}
