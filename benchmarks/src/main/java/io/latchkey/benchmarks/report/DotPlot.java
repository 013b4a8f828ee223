package io.latchkey.benchmarks.report;

import io.latchkey.benchmarks.peers.PeerKind;
import java.awt.Color;
import java.awt.Font;
import java.awt.geom.Ellipse2D;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.axis.NumberTickUnitSource;
import org.jfree.chart.axis.SymbolAxis;
import org.jfree.chart.labels.ItemLabelAnchor;
import org.jfree.chart.labels.ItemLabelPosition;
import org.jfree.chart.plot.CombinedRangeXYPlot;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYErrorRenderer;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.chart.ui.TextAnchor;
import org.jfree.data.Range;
import org.jfree.data.xy.XIntervalSeries;
import org.jfree.data.xy.XIntervalSeriesCollection;

/** Peers below each other, panels beside each other; a dot per figure, a line for its spread, a logarithmic scale. */
final class DotPlot {
    private DotPlot() {}

    /**
     * One panel.
     *
     * @param title below it
     * @param figures by peer; those that are missing stay empty
     */
    record Panel(String title, Map<PeerKind, Spread> figures) {}

    static Picture picture(String file, String title, String subtitle, List<PeerKind> peers, List<Panel> panels) {
        SymbolAxis names =
                new SymbolAxis(null, peers.stream().map(PeerKind::title).toArray(String[]::new));
        names.setInverted(true);
        names.setGridBandsVisible(false);
        names.setTickLabelFont(Look.LABEL);
        names.setTickLabelPaint(Look.TEXT);
        names.setAxisLineVisible(false);
        names.setTickMarksVisible(false);
        names.setRange(-0.6, peers.size() - 0.4);
        CombinedRangeXYPlot all = new CombinedRangeXYPlot(names);
        all.setGap(36);
        for (Panel panel : panels) {
            all.add(plot(panel, peers));
        }
        JFreeChart chart = Look.chart(title, subtitle, all);
        return new Picture(file, chart, 300 + 220 * panels.size(), 120 + 34 * peers.size());
    }

    private static XYPlot plot(Panel panel, List<PeerKind> peers) {
        XIntervalSeriesCollection data = new XIntervalSeriesCollection();
        XYErrorRenderer renderer = new XYErrorRenderer();
        renderer.setDrawYError(false);
        renderer.setErrorStroke(Look.LINE);
        renderer.setCapLength(0);
        int series = 0;
        double lowest = Double.MAX_VALUE;
        double highest = 0;
        for (PeerKind.Role role : PeerKind.Role.values()) {
            XIntervalSeries dots = new XIntervalSeries(role);
            for (int i = 0; i < peers.size(); i++) {
                Spread figure = panel.figures.get(peers.get(i));
                if (peers.get(i).role() == role && figure != null && figure.median() > 0) {
                    // A logarithmic scale has no zero
                    double low = figure.lowest() > 0 ? figure.lowest() : figure.median();
                    dots.add(figure.median(), low, figure.highest(), i);
                    lowest = Math.min(lowest, low);
                    highest = Math.max(highest, figure.highest());
                }
            }
            data.addSeries(dots);
            Color colour = colour(role);
            renderer.setSeriesPaint(series, colour);
            renderer.setSeriesShape(series, new Ellipse2D.Double(-4, -4, 8, 8));
            renderer.setSeriesItemLabelPaint(series, colour);
            series++;
        }
        renderer.setDefaultItemLabelFont(Look.SMALL);
        renderer.setDefaultItemLabelGenerator((dataset, row, item) -> Figures.text(dataset.getXValue(row, item)));
        renderer.setDefaultItemLabelsVisible(true);
        renderer.setDefaultPositiveItemLabelPosition(
                new ItemLabelPosition(ItemLabelAnchor.OUTSIDE12, TextAnchor.BOTTOM_CENTER));
        XYPlot plot = new XYPlot(data, axis(panel.title, lowest, highest), null, renderer);
        plot.setBackgroundPaint(null);
        plot.setOutlineVisible(false);
        plot.setDomainGridlinePaint(Look.GRID);
        plot.setRangeGridlinePaint(Look.GRID);
        plot.setAxisOffset(RectangleInsets.ZERO_INSETS);
        return plot;
    }

    private static LogAxis axis(String title, double lowest, double highest) {
        LogAxis axis = new LogAxis(title);
        axis.setLabelFont(Look.LABEL.deriveFont(Font.BOLD));
        axis.setLabelPaint(Look.TEXT);
        axis.setTickLabelFont(Look.SMALL);
        axis.setTickLabelPaint(Look.FAINT);
        axis.setAxisLinePaint(Look.GRID);
        axis.setTickMarkPaint(Look.GRID);
        axis.setMinorTickMarksVisible(false);
        axis.setStandardTickUnits(new NumberTickUnitSource());
        axis.setNumberFormatOverride(new DecimalFormat("#,##0.####", DecimalFormatSymbols.getInstance(Locale.ROOT)));
        if (highest > 0) {
            if (highest / lowest < 1e5) {
                axis.setTickUnit(new NumberTickUnit(1)); // each power of ten
            }
            double space = Math.pow(highest / lowest, 0.12) * 1.15;
            axis.setRange(new Range(lowest / space, highest * space));
        }
        return axis;
    }

    private static Color colour(PeerKind.Role role) {
        return switch (role) {
            case OURS -> Look.OURS;
            case PEER -> Look.PEER;
            case FLOOR -> Look.FLOOR;
        };
    }
}
