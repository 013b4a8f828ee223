package io.latchkey.benchmarks.report;

import org.jfree.chart.JFreeChart;

/**
 * A picture that was not drawn yet.
 *
 * @param file its name
 * @param chart what is on it
 * @param width in pixels
 * @param height in pixels
 */
record Picture(String file, JFreeChart chart, int width, int height) {}
