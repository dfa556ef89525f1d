# What watches the others.
resource "aws_cloudwatch_log_group" "main" {
  count             = 3
  name              = "/estate/${count.index}"
  retention_in_days = 14
  tags              = { Name = "estate-${count.index}" }
}

resource "aws_cloudwatch_log_metric_filter" "main" {
  name           = "errors"
  log_group_name = aws_cloudwatch_log_group.main[0].name
  pattern        = "ERROR"
  metric_transformation {
    name      = "Errors"
    namespace = "Estate"
    value     = "1"
  }
}

resource "aws_cloudwatch_log_subscription_filter" "main" {
  name            = "stream"
  log_group_name  = aws_cloudwatch_log_group.main[0].name
  filter_pattern  = "ERROR"
  destination_arn = aws_kinesis_stream.main[0].arn
  role_arn        = aws_iam_role.inline[0].arn
}

resource "aws_cloudwatch_metric_alarm" "main" {
  count               = 3
  alarm_name          = "errors-${count.index}"
  alarm_description   = "too many errors"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 2
  metric_name         = "Errors"
  namespace           = "Estate"
  period              = 60
  statistic           = "Sum"
  threshold           = 5
  alarm_actions       = [aws_sns_topic.main[0].arn]
  dimensions          = { Stage = "test" }
  tags                = { Name = "errors-${count.index}" }
}

resource "aws_cloudwatch_dashboard" "main" {
  dashboard_name = "estate"
  dashboard_body = jsonencode({
    widgets = [{ type = "text", x = 0, y = 0, width = 3, height = 3, properties = { markdown = "Estate" } }]
  })
}

resource "aws_cloudtrail" "main" {
  name           = "estate"
  s3_bucket_name = aws_s3_bucket.trail.id
  enable_logging = false
  depends_on     = [aws_s3_bucket_policy.trail]
  tags           = { Name = "estate" }
}

resource "aws_s3_bucket" "trail" {
  bucket = "estate-trail"
}

resource "aws_s3_bucket_policy" "trail" {
  bucket = aws_s3_bucket.trail.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = ["s3:GetBucketAcl", "s3:PutObject"]
      Resource  = ["arn:aws:s3:::estate-trail", "arn:aws:s3:::estate-trail/*"]
    }]
  })
}

resource "aws_glue_catalog_database" "main" {
  name        = "estate"
  description = "estate"
}

resource "aws_cloudformation_stack" "main" {
  name = "estate"
  template_body = jsonencode({
    AWSTemplateFormatVersion = "2010-09-09"
    Resources                = { Queue = { Type = "AWS::SQS::Queue", Properties = { QueueName = "from-a-stack" } } }
  })
  tags = { Name = "estate" }
}

resource "aws_guardduty_detector" "main" {
  enable = true
  tags   = { Name = "estate" }
}
