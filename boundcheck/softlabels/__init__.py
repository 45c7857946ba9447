"""What teachers and crowds share: soft labels as probabilities, their calibration, and estimates with intervals."""
