package io.latchkey.benchmarks.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.plot.Plot;
import org.jfree.chart.title.TextTitle;
import org.jfree.chart.ui.HorizontalAlignment;
import org.jfree.chart.ui.RectangleInsets;

/** How all pictures look: ours in one strong colour, peers in ink, floors pale. */
final class Look {
    static final Color OURS = new Color(0x0B7A75);
    static final Color PEER = new Color(0x3D4451);
    static final Color FLOOR = new Color(0xB08442);
    static final Color TEXT = new Color(0x24292F);
    static final Color FAINT = new Color(0x6E7781);
    static final Color GRID = new Color(0xE3E6EA);
    static final Font LABEL = new Font(Font.SANS_SERIF, Font.PLAIN, 11);
    static final Font SMALL = new Font(Font.SANS_SERIF, Font.PLAIN, 10);
    static final Font TITLE = new Font(Font.SANS_SERIF, Font.BOLD, 14);
    static final BasicStroke LINE = new BasicStroke(1.6f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND);

    private Look() {}

    static JFreeChart chart(String title, String subtitle, Plot plot) {
        JFreeChart chart = new JFreeChart(null, TITLE, plot, false);
        chart.setBackgroundPaint(Color.WHITE);
        chart.setPadding(new RectangleInsets(10, 12, 8, 16));
        chart.addSubtitle(0, line(subtitle, LABEL, FAINT, 8));
        chart.addSubtitle(0, line(title, TITLE, TEXT, 2));
        return chart;
    }

    private static TextTitle line(String text, Font font, Color colour, double below) {
        TextTitle line = new TextTitle(text, font);
        line.setPaint(colour);
        line.setHorizontalAlignment(HorizontalAlignment.LEFT);
        line.setPadding(0, 0, below, 0);
        return line;
    }
}
