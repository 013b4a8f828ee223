package io.latchkey.benchmarks.report;

import java.awt.Dimension;
import java.awt.geom.Rectangle2D;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.apache.batik.svggen.SVGGraphics2D;
import org.w3c.dom.Document;

/** Writes charts as SVG, with text as text. */
final class Svg {
    private static final String NAMESPACE = "http://www.w3.org/2000/svg";
    /** Java's SansSerif is DejaVu on most systems that have fonts at all; Verdana is as wide. */
    private static final String FONTS = "DejaVu Sans, Verdana, Geneva, sans-serif";

    private Svg() {}

    static void write(Path file, Picture picture) throws IOException {
        SVGGraphics2D graphics = new SVGGraphics2D(document());
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
