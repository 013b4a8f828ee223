package io.latchkey.benchmarks.report;

import io.latchkey.benchmarks.peers.PeerKind;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.geom.Ellipse2D;
import java.util.List;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.CategoryAxis;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.plot.CategoryPlot;
import org.jfree.chart.renderer.category.LineAndShapeRenderer;
import org.jfree.chart.title.LegendTitle;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.data.category.DefaultCategoryDataset;

/** What something costs when something else grows, as a multiple of what it cost at first. */
final class GrowthPlot {
    private static final List<Color> OTHERS =
            List.of(Look.PEER, new Color(0x8A5A83), new Color(0x4C78A8), new Color(0xB5533C));

    private GrowthPlot() {}

    static Picture picture(
            String file, String title, String subtitle, Results results, String workload, Metric metric) {
        List<String> settings = List.copyOf(results.settings(workload));
        DefaultCategoryDataset data = new DefaultCategoryDataset();
        LineAndShapeRenderer renderer = new LineAndShapeRenderer();
        int series = 0;
        int others = 0;
        for (String peer : results.peers(workload)) {
            PeerKind kind = PeerKind.of(peer).orElseThrow();
            String name = kind.title()
                    + results.growth(workload, settings.get(0), settings.get(settings.size() - 1), peer, metric)
                            .map(times -> ": " + Figures.text(times.median()))
                            .orElse("");
            for (String setting : settings) {
                results.growth(workload, settings.get(0), setting, peer, metric)
                        .ifPresent(times -> data.addValue(times.median(), name, setting));
            }
            Color colour = kind.role() == PeerKind.Role.OURS
                    ? Look.OURS
                    : kind.role() == PeerKind.Role.FLOOR ? Look.FLOOR : OTHERS.get(others++ % OTHERS.size());
            renderer.setSeriesPaint(series, colour);
            renderer.setSeriesStroke(
                    series, kind.role() == PeerKind.Role.OURS ? new BasicStroke(2.6f) : new BasicStroke(1.6f));
            renderer.setSeriesShape(series, new Ellipse2D.Double(-3.5, -3.5, 7, 7));
            series++;
        }
        JFreeChart chart = Look.chart(title, subtitle, plot(data, renderer));
        LegendTitle legend = new LegendTitle(chart.getPlot());
        legend.setPosition(RectangleEdge.BOTTOM);
        legend.setItemFont(Look.LABEL);
        legend.setItemPaint(Look.TEXT);
        chart.addSubtitle(legend);
        return new Picture(file, chart, 720, 380);
    }

    private static CategoryPlot plot(DefaultCategoryDataset data, LineAndShapeRenderer renderer) {
        CategoryAxis steps = new CategoryAxis();
        steps.setTickLabelFont(Look.LABEL);
        steps.setTickLabelPaint(Look.TEXT);
        steps.setAxisLinePaint(Look.GRID);
        steps.setTickMarksVisible(false);
        NumberAxis times = new NumberAxis("times the cost of the first");
        times.setLabelFont(Look.LABEL);
        times.setLabelPaint(Look.FAINT);
        times.setTickLabelFont(Look.SMALL);
        times.setTickLabelPaint(Look.FAINT);
        times.setAxisLineVisible(false);
        times.setTickMarksVisible(false);
        times.setAutoRangeIncludesZero(true);
        times.setUpperMargin(0.15);
        CategoryPlot plot = new CategoryPlot(data, steps, times, renderer);
        plot.setBackgroundPaint(null);
        plot.setOutlineVisible(false);
        plot.setRangeGridlinePaint(Look.GRID);
        return plot;
    }
}
